import assert from 'node:assert/strict'
import dgram from 'node:dgram'
import dns from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import tls from 'node:tls'
import { createHash, createPublicKey } from 'node:crypto'
import { extractBill, TRUST_NOBODY } from '#audit'
import type { TrustList } from '#audit'
import { encodeFacts, toHex, utf8 } from '#protocol'
import type { Extraction } from '#protocol'
import { privateKeyOf, recordOf } from '../../../support/signing/keys.ts'
import { signCms } from '../../../support/signing/sign-cms.ts'
import { makeMail, signMail } from '../../../support/signing/sign-mail.ts'
import type { MailSigning } from '../../../support/signing/sign-mail.ts'
import { latin1 } from '../../../support/signing/sign-pdf.ts'
import { trusting, trustingMail } from '../../../support/signing/trust.ts'

const TABLE = utf8(
  'country,state,zip,eia_id,utility,point,account,meter,start,end_exclusive,import,export,unit,kind\n' +
    'DE,,,,Nordhafen,P-1,,,2023-01-01,2023-02-01,128,,kWh,actual\n',
)
const MAIL = makeMail([{ name: 'bill.csv', bytes: TABLE }])
const NAME = 'bills._domainkey.nordhafen.example'
const TRUST = trustingMail({
  [NAME]: 'mail',
  'ed._domainkey.nordhafen.example': 'mailed',
  'old._domainkey.nordhafen.example': 'mail1024',
})

function inWords({ verdict, reason, origin }: Extraction): string {
  const from = origin === undefined ? '-' : `${origin.kind} ${origin.covers} ${origin.isTrusted ? '' : 'un'}trusted`
  return reason === undefined ? `${verdict}, ${from}` : `${verdict}, ${from}, ${reason.code}: ${reason.message}`
}

async function read(mail: string, trust: TrustList = TRUST): Promise<string> {
  return inWords(await extractBill(latin1(mail), trust))
}

const GOOD = 'facts, dkim all trusted'
const BROKEN = /^needs-review, -, ERR_BILL_SIGNATURE: signature of the mail: /

/** Signs with one change, and says why it is refused. */
async function whySigned(signing: MailSigning, mail = MAIL): Promise<string> {
  return (await read(signMail(mail, signing))).replace(BROKEN, '')
}

describe('signed mails', () => {
  it('give the facts of the one attached bill and the domain that signed', async () => {
    const inside = await extractBill(TABLE)
    const extraction = await extractBill(latin1(signMail(MAIL)), TRUST)
    const key = Buffer.from(recordOf('mail').split('p=')[1] ?? '', 'base64')
    assert.deepEqual(extraction.origin, {
      kind: 'dkim',
      covers: 'all',
      signer: 'nordhafen.example',
      keyHash: new Uint8Array(createHash('sha256').update(key).digest()),
      isTrusted: true,
    })
    assert.equal(extraction.format, 'kwitness-csv-1')
    const withoutPart = extraction.bills.map(({ sources: { attachment, ...sources }, ...facts }) => {
      assert.equal(attachment, 'part 2')
      return { ...facts, sources }
    })
    assert.deepEqual(
      withoutPart.map((facts) => toHex(encodeFacts(facts))),
      inside.bills.map((facts) => toHex(encodeFacts(facts))),
    )
  })

  it('hold with RSA and Ed25519, relaxed and simple, with LF and CRLF', async () => {
    assert.equal(await read(signMail(MAIL)), GOOD)
    assert.equal(await read(signMail(MAIL, { form: 'simple' })), GOOD)
    assert.equal(await read(signMail(MAIL, { key: 'mailed', selector: 'ed' })), GOOD)
    assert.equal(await read(signMail(MAIL).replaceAll('\r\n', '\n')), GOOD)
  })

  it('are read unsigned when the network knows no key of theirs', async () => {
    assert.equal(await read(MAIL), 'facts, -')
    assert.equal(await read(signMail(MAIL), TRUST_NOBODY), 'facts, -')
    assert.equal(await read(signMail(MAIL), trustingMail({ 'bills._domainkey.other.example': 'mail' })), 'facts, -')
  })

  it('are for a person when a known signature does not hold', async () => {
    const signed = signMail(MAIL)
    assert.match(await read(signed.replace('Your bill', 'Your Bill')), BROKEN)
    assert.match(await read(signed.replace('Dear customer', 'Dear Customer')), BROKEN)
    const other = Buffer.from(TABLE)
      .toString('base64')
      .replaceAll(/(.{76})/g, '$1\r\n')
    const forged = Buffer.from(Buffer.from(TABLE).toString().replace('128', '828'))
      .toString('base64')
      .replaceAll(/(.{76})/g, '$1\r\n')
    assert.ok(signed.includes(other))
    assert.match(await read(signed.replace(other, forged)), BROKEN)
    assert.match(await read(signed, trustingMail({ [NAME]: 'mailed' })), BROKEN)
    const revoked = { certificates: new Set<string>(), domainKeys: new Map([[NAME, 'v=DKIM1; k=rsa; p=']]) }
    assert.match(await read(signed, revoked), BROKEN)
  })

  it('must cover From, Date, Subject and the whole body', async () => {
    const all = ['from', 'to', 'subject', 'date', 'mime-version', 'content-type']
    assert.equal(await read(signMail(MAIL, { fields: all })), GOOD)
    for (const name of ['date', 'subject']) {
      const fields = all.filter((field) => field !== name)
      assert.equal(await whySigned({ fields }), `${name} is not covered, or stands twice`)
    }
    assert.match(await whySigned({ fields: ['to', 'subject', 'date'] }), /^from is not covered/)
    // Part of the body: what follows is anybody's.
    const short = signMail(MAIL.slice(0, MAIL.indexOf('--=_parts\r\nContent-Type: application')), { length: 60 })
    assert.equal((await read(short)).replace(BROKEN, ''), 'it covers a part of the body only')
    assert.equal(await whySigned({ length: 10_000_000 }), 'it covers a part of the body only')
  })

  it('must have one From, and of each covered field one', async () => {
    const second = (line: string): string =>
      signMail(MAIL, { fields: ['from', 'subject', 'date', 'content-type'] }).replace('From:', `${line}\r\nFrom:`)
    assert.match(await read(second('From: evil@evil.example')), BROKEN)
    assert.match(await read(second('Subject: Another bill')), /subject is not covered, or stands twice/)
    assert.match(await read(second('Content-Type: text/plain')), /content-type stands twice/)
    const encoded = MAIL.replace('MIME-Version', 'Content-Transfer-Encoding: 7bit\r\nMIME-Version')
    const twice = signMail(encoded).replace('\r\nFrom:', '\r\nContent-Transfer-Encoding: base64\r\nFrom:')
    assert.equal((await read(twice)).replace(BROKEN, ''), 'content-transfer-encoding stands twice')
    const two = MAIL.replace(
      'From: Nordhafen Billing <billing@nordhafen.example>',
      'From: a@nordhafen.example, b@evil.example',
    )
    assert.equal(await whySigned({}, two), 'mail has not exactly one author')
  })

  it('must be signed by the domain of the author, or one that is part of it', async () => {
    const from = (address: string): string => MAIL.replace('billing@nordhafen.example', address)
    assert.equal(await whySigned({}, from('x@mail.nordhafen.example')), GOOD)
    assert.equal(await whySigned({}, from('x@MAIL.Nordhafen.Example')), GOOD)
    assert.match(
      await whySigned({}, from('x@evil.example')),
      /mail is from evil\.example and signed by nordhafen\.example/,
    )
    assert.match(await whySigned({}, from('x@evilnordhafen.example')), /^mail is from/)
    assert.match(
      await whySigned(
        {},
        MAIL.replace('Nordhafen Billing <billing@nordhafen.example>', '"billing@nordhafen.example" <x@evil.example>'),
      ),
      /^mail is from evil/,
    )
    const sender = trustingMail({ 'bills._domainkey.send.nordhafen.example': 'mail' })
    assert.equal(await read(signMail(MAIL, { domain: 'send.nordhafen.example' }), sender), GOOD)
  })

  it('never trust short keys, SHA-1 and keys that are only tried out', async () => {
    assert.equal(await read(signMail(MAIL, { key: 'mail1024', selector: 'old' })), 'facts, dkim all untrusted')
    assert.match(await whySigned({ algorithm: 'rsa-sha1' }), /^its algorithm is not one that is checked$/)
    const testing = { certificates: new Set<string>(), domainKeys: new Map([[NAME, `${recordOf('mail')}; t=y`]]) }
    assert.equal(await read(signMail(MAIL), testing), 'facts, dkim all untrusted')
  })

  it('hold when one of several known signatures does, and unknown ones do not matter', async () => {
    const ed = { key: 'mailed', selector: 'ed' } as const
    const old = { key: 'mail1024', selector: 'old' } as const
    assert.equal(await read(signMail(MAIL, old, ed)), GOOD)
    assert.equal(await read(signMail(MAIL, { domain: 'list.example' }, ed)), GOOD)
    assert.equal(await read(signMail(MAIL, { length: 3 }, {})), GOOD)
    const broken = signMail(MAIL, {}, ed).replace(/b=[A-Za-z0-9+/]{4}/, 'b=AAAA')
    assert.equal(await read(broken), GOOD)
  })

  it('must have tags that RFC 6376 and RFC 8463 allow', async () => {
    const edited = async (search: RegExp, by: string): Promise<string> =>
      whySigned({ edit: (tags) => tags.map((tag) => tag.replace(search, by)) })
    assert.equal(await edited(/^v=1$/, 'v=2'), 'version is not 1')
    assert.equal(await edited(/^a=.*/, 'a=ed25519-sha256'), 'the key is of another kind')
    assert.equal(await edited(/^c=.*/, 'c=relaxed/loose'), 'its canonicalization is not one that is checked')
    assert.equal(await edited(/^bh=.*/, 'bh=*'), 'one of its values is missing, or is not base64')
    assert.equal(await whySigned({ more: ['q=dns/other'] }), 'its key is not one of name servers')
    assert.equal(await whySigned({ more: ['q=dns/txt:x'] }), GOOD)
    assert.equal(await whySigned({ more: ['t=5', 'x=5'] }), 'it ends before it begins')
    assert.equal(await whySigned({ more: ['x=soon'] }), 'its times are malformed')
    assert.equal(await whySigned({ more: ['i=me@mail.nordhafen.example'] }), GOOD)
    assert.equal(await whySigned({ more: ['i=me@evil.example'] }), 'its identity is of another domain')
    assert.equal(await whySigned({ more: ['i=me@evilnordhafen.example'] }), 'its identity is of another domain')
    // A list with a tag twice is no signature at all.
    assert.equal(await whySigned({ more: ['d=nordhafen.example'] }), 'facts, -')
  })

  it('must have keys that their domain has not revoked and means for this', async () => {
    const withRecord = async (record: string, signing: MailSigning = {}): Promise<string> => {
      const trust = { certificates: new Set<string>(), domainKeys: new Map([[NAME, record]]) }
      return (await read(signMail(MAIL, signing), trust)).replace(BROKEN, '')
    }
    const record = recordOf('mail')
    const [, key = ''] = record.split('p=')
    assert.equal(await withRecord(`p=${key}`), GOOD)
    assert.equal(await withRecord(`${record}; n=note; h=sha1:sha256; s=email; t=s;`), GOOD)
    assert.equal(await withRecord('v=DKIM1; k=rsa; p='), 'its key was revoked')
    assert.equal(await withRecord(`${record}; h=sha1`), 'its key is meant for something else')
    assert.equal(await withRecord(`${record}; s=other`), 'its key is meant for something else')
    assert.equal(
      await withRecord(`${record}; t=s`, { more: ['i=me@mail.nordhafen.example'] }),
      'its identity is of another domain',
    )
    const malformed = 'the record of its key is malformed, or of another kind'
    assert.equal(await withRecord(`v=DKIM2; p=${key}`), malformed)
    assert.equal(await withRecord(`${record}; p=${key}`), malformed)
    assert.equal(await withRecord(`v=DKIM1; k=dsa; p=${key}`), malformed)
    assert.equal(await withRecord(`v=DKIM1; k=ed25519; p=${key}`, { key: 'mailed' }), 'its key has not 32 bytes')
    // The form of the standard, without the frame that all records in the world have.
    const bare = createPublicKey(privateKeyOf('mail')).export({ type: 'pkcs1', format: 'der' }).toString('base64')
    assert.equal(await withRecord(`v=DKIM1; p=${bare}`), GOOD)
  })

  it('are judged by no clock', async () => {
    assert.equal(await read(signMail(MAIL, { more: ['t=1', 'x=2'] })), GOOD)
    assert.equal(await read(signMail(MAIL, { more: ['t=99999999999', 'x=199999999999'] })), GOOD)
  })

  it('cannot be divided in another way by changing fields that are not covered', async () => {
    const fields = ['from', 'subject', 'date']
    assert.equal(await read(signMail(MAIL, { fields })), GOOD)
    const inner = MAIL.replace('Dear customer', '--x\r\nContent-Type: text/csv\r\n\r\nDear customer')
    const moved = signMail(inner, { fields }).replace('boundary="=_parts"', 'boundary="x"')
    assert.equal((await read(moved)).replace(BROKEN, ''), 'content-type is not covered')
    const greeting = MAIL.replace('\r\n\r\n--=_parts', '\r\n\r\nThis is a message in parts.\r\n--=_parts')
    assert.equal(await whySigned({ fields }, greeting), 'content-type is not covered')
    assert.equal(await whySigned({}, greeting), GOOD)
  })

  it('keep a trusted signature of the attached file', async () => {
    const mail = makeMail([{ name: 'bill.pdf', bytes: signCms({ content: TABLE }) }])
    assert.equal(await read(mail, trusting(['below'])), 'facts, cms all trusted')
    assert.equal(await read(mail), 'facts, cms all untrusted')
  })

  it('open no socket and ask no name server', async () => {
    const restore: (() => void)[] = []
    let attempts = 0
    const forbid = <T extends object>(owner: T, ...names: readonly (keyof T)[]): void => {
      for (const name of names) {
        const before = owner[name]
        restore.push(() => void (owner[name] = before))
        owner[name] = (() => {
          attempts += 1
          throw new Error(`${String(name)} was called`)
        }) as T[typeof name]
      }
    }
    forbid(net.Socket.prototype, 'connect')
    forbid(dgram, 'createSocket')
    forbid(dns, 'lookup', 'resolve', 'resolveTxt')
    forbid(dns.promises, 'lookup', 'resolve', 'resolveTxt')
    forbid(dns.Resolver.prototype, 'resolve', 'resolveTxt')
    forbid(http, 'request', 'get')
    forbid(https, 'request', 'get')
    forbid(tls, 'connect')
    const { fetch } = globalThis
    restore.push(() => void (globalThis.fetch = fetch))
    globalThis.fetch = async () => {
      attempts += 1
      throw new Error('fetch was called')
    }
    try {
      assert.equal(await read(signMail(MAIL)), GOOD)
      assert.equal(await read(signMail(MAIL), TRUST_NOBODY), 'facts, -')
      assert.equal(await read(signMail(MAIL, { domain: 'unknown.example' }, {})), GOOD)
      assert.match(await read(signMail(MAIL).replace('Your', 'My')), BROKEN)
    } finally {
      for (const undo of restore) undo()
    }
    assert.equal(attempts, 0)
  })
})
