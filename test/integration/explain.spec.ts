import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { CID } from 'multiformats/cid'
import { extractBill } from '#audit'
import { charterToJson } from '#config'
import { loadDatasets } from '#datasets'
import { encodeProof, sha256 } from '#protocol'
import type { Claim } from '#protocol'
import { generateArchiveKey, seal } from '#storage'
import { computeBillCid } from '../../node/bill-cid.ts'
import { run } from '../../node/cli/main.ts'
import { Terminal } from '../../node/cli/terminal.ts'
import { buildClaim, Examiner } from '../../node/examiner.ts'
import { formatRegionKeys } from '../../node/region-keys.ts'
import { csvBill } from '../support/bills.ts'
import { checkEquations, readExplanation, recomputeFootprint } from '../support/explanation-reader.ts'
import { flipBit, foundRegion, hashOf, makeProofs } from '../support/region-fixture.ts'
import type { ProofOptions } from '../support/region-fixture.ts'

const region = foundRegion()
const bill = csvBill({ point: 'P-1' }, { point: 'P-2', kWh: '250.5', start: '2019-12-01', end: '2020-02-01' })

/** What a node answers, by path. */
type Served = Map<string, Uint8Array | { readonly code: string; readonly detail: string }>

type Ran = { readonly code: number; readonly out: string; readonly err: string }

describe('kwitness explain with a node', function () {
  this.timeout(60_000)
  const served: Served = new Map()
  let server: Server
  let url: string
  let dir: string
  let claims: Claim[]
  let cid: string

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kwitness-explain-'))
    server = createServer((request, response) => {
      const answer = served.get(request.url ?? '')
      const isBytes = answer instanceof Uint8Array
      response.writeHead(isBytes ? 200 : 404, { 'content-type': 'application/json' })
      response.end(
        isBytes ? answer : JSON.stringify(answer ?? { code: 'ERR_API_BILL_UNKNOWN', detail: 'no bill here' }),
      )
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
    claims = await claimsOf(bill)
    cid = claims[0]?.bill.toString() ?? ''
  })
  after(async () => {
    await new Promise((resolve) => server.close(resolve))
    await rm(dir, { recursive: true })
  })
  beforeEach(() => served.clear())

  async function claimsOf(stored: Uint8Array, opened = bill): Promise<Claim[]> {
    const sandbox = {
      extract: (bytes: Uint8Array) => Promise.resolve(extractBill(bytes)),
      close: () => Promise.resolve(),
    }
    const examiner = new Examiner(sandbox, await loadDatasets())
    const plainHash = sha256(opened)
    const examination = await examiner.examine(opened, plainHash, undefined, new AbortController().signal)
    assert.equal(examination.kind, 'facts')
    const of = { bill: await computeBillCid(stored), plainHash, holder: hashOf('holder'), salt: hashOf('salt') }
    return examination.bills.map((examined, ordinal) =>
      buildClaim({ regionSecret: hashOf('secret') }, { ...of, ordinal }, examined),
    )
  }

  function serve(bytes: Uint8Array, of: readonly Claim[], options: ProofOptions = {}): void {
    const id = of[0]?.bill.toString() ?? ''
    served.set(`/v1/files/${id}`, bytes)
    makeProofs(region, of, options).proofs.forEach((proof, i) =>
      served.set(`/v1/proofs/${id}?claim=${i}`, encodeProof(proof)),
    )
  }

  async function explain(...args: string[]): Promise<Ran> {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
    const { signal } = new AbortController()
    const terminal = new Terminal({ stdin, stdout, stderr, environment: { COLUMNS: '80' }, signal })
    const code = await run(terminal, ['explain', ...args, '--api', url])
    return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') }
  }

  it('finds the certified figures equal to what it explains, for each bill of a file', async () => {
    serve(bill, claims)
    const { code, out } = await explain(cid)
    assert.equal(code, 0, out)
    assert.equal(out.match(/equal: the certified claim has this figure, as the node shows it/g)?.length, 2)
    const bills = out.split(/^(?=Bill \d)/m).slice(1)
    bills.forEach((text, i) => {
      const sections = readExplanation(text)
      checkEquations(sections)
      assert.equal(recomputeFootprint(sections).toString(), claims[i]?.gramsLocation)
    })
    const json = JSON.parse((await explain(cid, '--claim', '1', '--json')).out)
    assert.equal(json.ok, true)
    assert.equal(json.cid, cid)
    assert.equal(json.bills.length, 1)
    assert.equal(json.bills[0].ordinal, 1)
    assert.equal(json.bills[0].certified.equal, true)
    assert.equal(json.bills[0].gramsCO2e, claims[1]?.gramsLocation)
  })

  it('says which certified figure differs, exit code 1', async () => {
    const [first, second] = claims
    assert.ok(first !== undefined && second !== undefined)
    serve(bill, [
      { ...first, gramsLocation: '1' },
      { ...second, factsHash: hashOf('other facts') },
    ])
    const { code, out } = await explain(cid)
    assert.equal(code, 1)
    assert.match(out, /FAILED grams: grams: the proof says 1 g CO2e, found \d+ g CO2e/)
    assert.match(out, /FAILED facts:/)
    assert.equal(out.match(/not equal: this is not shown to be the certified figure/g)?.length, 2)
    const json = JSON.parse((await explain(cid, '--json')).out)
    assert.deepEqual([json.ok, json.bills[0].certified.equal], [false, false])
  })

  it('does not take the proof of another bill, nor a changed one where the charter is given', async () => {
    serve(bill, claims)
    const charter = join(dir, 'charter.json')
    await writeFile(charter, JSON.stringify(charterToJson(region.charter)))
    const good = await explain(cid, '--charter', charter)
    assert.equal(good.code, 0, good.out)
    assert.match(good.out, /with its signatures checked/)
    const proofs = makeProofs(region, claims).proofs
    const [proof] = proofs
    assert.ok(proof !== undefined)
    const [signature, ...rest] = proof.certificate.signatures
    assert.ok(signature !== undefined)
    const forged = { ...proof, certificate: { ...proof.certificate, signatures: [flipBit(signature, 9), ...rest] } }
    served.set(`/v1/proofs/${cid}?claim=0`, encodeProof(forged))
    assert.equal((await explain(cid, '--claim', '0')).code, 0, 'signatures are not looked at without a charter')
    assert.equal((await explain(cid, '--claim', '0', '--charter', charter)).code, 1)
    served.set(`/v1/proofs/${cid}?claim=0`, served.get(`/v1/proofs/${cid}?claim=1`) ?? new Uint8Array())
    const swapped = await explain(cid, '--claim', '0')
    assert.equal(swapped.code, 1)
    assert.match(swapped.out, /FAILED cid: the proof is for bill 1 of the file, not for 0/)
  })

  it('does not explain another file under the CID that was asked for, whatever the node claims for it', async () => {
    serve(bill, claims)
    const other = csvBill({ point: 'P-1', kWh: '1' })
    served.set(`/v1/files/${cid}`, other)
    const [claim] = await claimsOf(other, other)
    assert.ok(claim !== undefined)
    const [proof] = makeProofs(region, [{ ...claim, bill: CID.parse(cid) }]).proofs
    assert.ok(proof !== undefined)
    served.set(`/v1/proofs/${cid}?claim=0`, encodeProof(proof))
    const { code, out, err } = await explain(cid, '--claim', '0')
    assert.equal(code, 1)
    assert.equal(out, '')
    assert.match(err, /^error: .* answered with another file, its CID is baf\w+/)
  })

  it('explains what is not certified yet, and says so with exit code 1', async () => {
    serve(bill, claims)
    served.set(`/v1/proofs/${cid}?claim=0`, { code: 'ERR_API_PROOF_PENDING', detail: 'bill is proposed' })
    const { code, out } = await explain(cid, '--claim', '0')
    assert.equal(code, 1)
    assert.match(out, /FAILED certified: bill is proposed/)
    assert.ok(checkEquations(readExplanation(out)) > 0)
  })

  it('needs a key for a sealed bill, and opens it with the region’s', async () => {
    const archive = await generateArchiveKey()
    const sealed = await seal(bill, [archive.recipient])
    const of = await claimsOf(sealed)
    serve(sealed, of, { sealed: true })
    const id = of[0]?.bill.toString() ?? ''
    const closed = await explain(id)
    assert.equal(closed.code, 1)
    assert.match(closed.err, /is sealed and no key was given; name the file of its holder's key.*\(ERR_CLI_SEALED\)/)
    const keys = join(dir, 'region-keys.json')
    const secrets = { region: 'north-america', pointSecret: hashOf('secret'), archiveKeys: [{ epoch: 0, ...archive }] }
    await writeFile(keys, formatRegionKeys(secrets))
    assert.equal((await explain(id, '--region-keys', keys)).code, 0)
    const other = formatRegionKeys({ ...secrets, archiveKeys: [{ epoch: 0, ...(await generateArchiveKey()) }] })
    await writeFile(keys, other)
    assert.match((await explain(id, '--region-keys', keys)).err, /cannot be opened.*\(ERR_CLI_SEALED\)/)
    await writeFile(keys, formatRegionKeys(secrets))
    serve(sealed, of, { sealed: true, disclosed: false })
    const hidden = await explain(id, '--region-keys', keys, '--claim', '0')
    assert.equal(hidden.code, 1)
    assert.match(hidden.out, /FAILED certified: the node shows its claim to its holder only/)
  })

  it('takes the place from the claim, and lets nobody put in another one', async () => {
    serve(bill, claims)
    const { code, err } = await explain(cid, '--place', 'US-NY')
    assert.equal(code, 2)
    assert.match(err, /a certified bill has its place in its claim/)
  })

  it('says what it can do nothing with: no CID, no such bill, no figures, no such position', async () => {
    serve(bill, claims)
    assert.match((await explain('june')).err, /june is neither a file nor a CID/)
    assert.match((await explain(cid, '--claim', '7')).err, /ERR_API_BILL_UNKNOWN/)
    const text = join(dir, 'letter.txt')
    await writeFile(text, 'Dear customer')
    const refused = await explain(text)
    assert.equal(refused.code, 1)
    assert.match(refused.err, /^error: no format of this version.*\(ERR_BILL_FORMAT_UNKNOWN\)\n$/)
    const csv = join(dir, 'bill.csv')
    await writeFile(csv, bill)
    assert.match((await explain(csv, '--claim', '7')).err, /--claim 7: the file has 2 bills, counted from 0/)
    assert.equal((await explain(csv, '--claim', '1')).code, 0, 'a file needs no node')
  })
})
