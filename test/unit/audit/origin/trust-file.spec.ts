import assert from 'node:assert/strict'
import fc from 'fast-check'
import { AuditError, parseTrustList } from '#audit'

const HASH = 'ab'.repeat(32)
const OTHER = 'cd'.repeat(32)
const NAME = 'bills._domainkey.nordhafen.example'

const FILE = {
  v: 1,
  kind: 'trust-list',
  certificates: [
    { sha256: OTHER, comment: 'seal' },
    { sha256: HASH, comment: 'authority' },
  ],
  timestampAuthorities: [{ sha256: HASH, comment: 'time' }],
  domainKeys: [{ name: NAME, txt: 'v=DKIM1; p=AAAA', comment: 'mail' }],
}

function cidOf(file: unknown): string {
  return parseTrustList(JSON.stringify(file)).cid.toString()
}

/** Path and message of the refusal of a file. */
function refusal(text: string): string {
  try {
    parseTrustList(text)
  } catch (thrown) {
    assert.ok(thrown instanceof AuditError)
    assert.equal(thrown.code, 'ERR_AUDIT_TRUST_LIST')
    return thrown.message
  }
  return assert.fail('was read')
}

describe('trust lists', () => {
  it('give hashes, keys and the CID that a charter names them by', () => {
    const { list, cid } = parseTrustList(JSON.stringify(FILE))
    assert.deepEqual([...list.certificates], [HASH, OTHER])
    assert.deepEqual([...(list.timestampAuthorities ?? [])], [HASH])
    assert.deepEqual([...list.domainKeys], [[NAME, 'v=DKIM1; p=AAAA']])
    assert.equal(cid.toString(), 'bafyreig7zjcaogmn6odovepv44bkk6fnnlo2oiibkxmnrfysekpgvnmcwi')
  })

  it('have one CID whatever the order and layout of the file is', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(FILE.certificates, { minLength: 2 }),
        fc.shuffledSubarray(Object.keys(FILE), { minLength: 5 }),
        fc.nat(4),
        (certificates, keys, indent) => {
          const shuffled = Object.fromEntries(
            keys.map((key) => [key, { ...FILE, certificates }[key as keyof typeof FILE]]),
          )
          return parseTrustList(JSON.stringify(shuffled, null, indent)).cid.toString() === cidOf(FILE)
        },
      ),
      { numRuns: 20 },
    )
  })

  it('have another CID when anything that a person approves is another', () => {
    const changes = [
      { certificates: [] },
      { certificates: [{ sha256: HASH, comment: 'authority' }] },
      { certificates: FILE.certificates.map(({ sha256 }) => ({ sha256, comment: 'x' })) },
      { timestampAuthorities: [] },
      { domainKeys: [{ name: NAME, txt: 'v=DKIM1; p=AAAB', comment: 'mail' }] },
    ]
    const cids = [FILE, ...changes.map((change) => ({ ...FILE, ...change }))].map(cidOf)
    assert.equal(new Set(cids).size, cids.length)
  })

  it('are refused with the place of what is wrong', () => {
    const withCertificate = (certificate: unknown): string =>
      refusal(JSON.stringify({ ...FILE, certificates: [certificate] }))
    assert.match(refusal('{'), /^trust list: is not JSON$/)
    assert.match(refusal('[]'), /^trust list: /)
    assert.match(refusal(JSON.stringify({ ...FILE, v: 2 })), /^trust list: v: /)
    assert.match(refusal(JSON.stringify({ ...FILE, trusted: [] })), /trusted/)
    assert.match(refusal(JSON.stringify({ ...FILE, domainKeys: undefined })), /^trust list: domainKeys: /)
    assert.match(
      withCertificate({ sha256: HASH.toUpperCase(), comment: 'x' }),
      /^trust list: certificates\.0\.sha256: must be 64/,
    )
    assert.match(withCertificate({ sha256: HASH }), /^trust list: certificates\.0\.comment: /)
    assert.match(withCertificate({ sha256: HASH, comment: 'x', more: 1 }), /^trust list: certificates\.0: /)
    const twice = [FILE.certificates[0], FILE.certificates[0]]
    assert.match(refusal(JSON.stringify({ ...FILE, certificates: twice })), /certificates\.1: (?:cd)+ is listed twice$/)
    const key = (name: string): string =>
      refusal(JSON.stringify({ ...FILE, domainKeys: [{ name, txt: 'x', comment: 'x' }] }))
    for (const name of ['nordhafen.example', 'Bills._domainkey.a.example', 'bills._domainkey.example', '']) {
      assert.match(key(name), /^trust list: domainKeys\.0\.name: /)
    }
    assert.match(refusal(' '.repeat(9 * 1024 * 1024)), /characters$/)
  })
})
