import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BillStatus } from '#api'
import type { Check } from '#protocol'
import type { DevnetReport } from '../../node/devnet/report.ts'
import { kwitness, startKwitness } from '../support/kwitness.ts'
import type { Running } from '../support/kwitness.ts'
import { until } from '../support/until.ts'

/** Auditors say their process id in each line of their log. */
async function auditorPids(root: string): Promise<number[]> {
  const names = (await readdir(root, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  const logs = await Promise.all(
    names.map(async ({ name }) => readFile(join(root, name, 'node.log'), 'utf8').catch(() => '')),
  )
  return logs.flatMap((log) => (log.startsWith('{') ? [Number(JSON.parse(log.slice(0, log.indexOf('\n'))).pid)] : []))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  )
}

describe('kwitness devnet', function () {
  this.timeout(180_000)
  let root: string
  let running: Running | undefined

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'kwitness-devnet-test-'))
  })
  afterEach(async () => {
    running?.child.kill('SIGTERM')
    await running?.ended
    running = undefined
    await rm(root, { recursive: true })
  })

  it('takes every sample of both regions to final and verified, and reports it in one stable line', async () => {
    const { code, out, err } = await kwitness(['devnet', '--once', '--json', '--keep', root])
    assert.equal(code, 0, err)
    const lines = out.trim().split('\n')
    assert.equal(lines.length, 1)
    const report = JSON.parse(lines[0] ?? '') as DevnetReport
    assert.deepEqual(Object.keys(report), ['bills', 'anchors', 'auditors', 'passed'])
    assert.ok(report.passed)
    assert.equal(report.auditors, 8)
    assert.deepEqual(new Set(report.bills.map((bill) => bill.region)), new Set(['north-america', 'europe']))
    assert.ok(report.bills.some((bill) => bill.visibility === 'sealed'))
    for (const bill of report.bills) {
      assert.equal(bill.state, 'final')
      assert.ok(bill.verified && bill.certifiedMs !== null && bill.finalMs !== null)
      assert.match(bill.gramsCO2e, /^[1-9][0-9]*$/)
    }
    for (const anchor of report.anchors) assert.ok(anchor.gas > 0 && anchor.claims > 0)
    for (const state of ['received', 'proposed', 'certified', 'anchored', 'final'])
      assert.ok(err.includes(state), state)
    const pids = await auditorPids(root)
    assert.equal(pids.length, 8)
    assert.deepEqual(pids.filter(isAlive), [])
  })

  it('serves people while it stays up, and leaves nothing running when it is killed', async () => {
    running = startKwitness(['devnet', '--regions', 'europe', '--keep', root])
    await running.saw('Ctrl-C stops everything')
    const dir = join(root, 'europe-2')
    const json = async (...args: string[]): Promise<{ code: number | null; value: unknown }> => {
      const { code, out } = await kwitness([...args, '--json'])
      return { code, value: JSON.parse(out) }
    }

    // A new bill, and the same one again at another auditor.
    const bill = join(root, 'flat.csv')
    const sample = await readFile('samples/europe/household.csv', 'utf8')
    await writeFile(bill, sample.replaceAll('2022-11-01', '2021-11-01').replaceAll('2023-02-01', '2022-02-01'))
    const first = await json('submit', bill, '--public', '--wait', 'final', '--dir', dir)
    const status = first.value as BillStatus
    assert.equal(first.code, 0)
    assert.equal(status.state, 'final')
    const again = (await json('submit', bill, '--public', '--wait', 'final', '--dir', join(root, 'europe-3')))
      .value as BillStatus
    assert.equal(again.cid, status.cid)
    assert.equal(again.claims[0]?.claimId, status.claims[0]?.claimId)

    // Another bill for the same metering point and an overlapping period.
    const rival = join(root, 'rival.csv')
    await writeFile(rival, (await readFile(bill, 'utf8')).replaceAll('2021-11-01', '2021-11-02'))
    const overlap = await json('submit', rival, '--wait', 'certified', '--dir', dir)
    assert.equal(overlap.code, 1)
    assert.match(JSON.stringify(overlap.value), /ERR_CLAIM_OVERLAP/)
    assert.ok(JSON.stringify(overlap.value).includes(status.claims[0]?.claimId ?? 'no claim'))

    // Verified by CID without any key, with the charter alone as what is trusted.
    const { cid } = status
    const api = (JSON.parse(await readFile(join(dir, 'config.json'), 'utf8')) as { api: { port: number } }).api.port
    const rpc = (JSON.parse(await readFile(join(dir, 'config.json'), 'utf8')) as { chain: { rpcUrl: string } }).chain
      .rpcUrl
    const via = ['--via', `http://127.0.0.1:${api}`, '--charter', join(root, 'charter.json'), '--rpc', rpc]
    const verified = await json('verify', cid, ...via)
    const { ok, checks } = verified.value as { ok: boolean; checks: Check[] }
    assert.deepEqual([verified.code, ok], [0, true])
    for (const name of ['cid', 'certificate', 'grams', 'chain-anchor', 'chain-final']) {
      assert.ok(
        checks.some((check) => check.name === name && check.ok && check.skipped !== true),
        name,
      )
    }

    // Explained by CID: the certified figure is the one whose steps are shown.
    const explained = await json(
      'explain',
      cid,
      '--api',
      `http://127.0.0.1:${api}`,
      '--charter',
      join(root, 'charter.json'),
    )
    const { bills } = explained.value as { bills: { gramsCO2e: string; certified: { equal: boolean } }[] }
    assert.equal(explained.code, 0)
    assert.deepEqual([bills[0]?.gramsCO2e, bills[0]?.certified.equal], [status.claims[0]?.gramsCO2e, true])

    // The proof as a file; one changed digit makes it fail.
    const proof = join(root, 'proof.json')
    await json('proof', cid, '-o', proof, '--dir', dir)
    assert.equal((await kwitness(['verify', proof, '--dir', dir, '--bill', bill])).code, 0)
    assert.equal((await kwitness(['verify', proof, '--dir', dir, '--bill', rival])).code, 1)
    const text = await readFile(proof, 'utf8')
    await writeFile(
      proof,
      text.replace(/([0-9])(?=[^0-9]*$)/, (digit) => String((Number(digit) + 1) % 10)),
    )
    assert.equal((await kwitness(['verify', proof, '--dir', dir])).code, 1)

    // The bytes come back as they were sent; strangers get them only of public bills.
    const copy = join(root, 'copy.csv')
    await json('bill', cid, '-o', copy, '--dir', dir)
    assert.deepEqual(await readFile(copy), await readFile(bill))

    // The directory is locked, and the doctor finds nothing wrong.
    const locked = await kwitness(['start', '--dir', dir, '--api-port', '0', '--listen', '/ip4/127.0.0.1/tcp/0'])
    assert.equal(locked.code, 1)
    assert.match(locked.err, /error: [^\n]+in use by another process[^\n]+\(ERR_STORAGE_LOCKED\)\n$/)
    const doctor = await json('doctor', '--dir', dir)
    assert.equal(doctor.code, 0)

    const pids = await auditorPids(root)
    assert.equal(pids.filter(isAlive).length, 4)
    running.child.kill('SIGKILL')
    await running.ended
    await until('auditors and chain are gone', async () => !pids.some(isAlive) && !(await answers(rpc)))
  })

  it('leaves nothing running when Ctrl-C comes in the middle of its start', async () => {
    running = startKwitness(['devnet', '--regions', 'europe', '--keep', root])
    await running.saw('starting 4 auditors')
    await until('four auditors have begun', async () => (await auditorPids(root)).length === 4)
    const rpc = (
      JSON.parse(await readFile(join(root, 'europe-1', 'config.json'), 'utf8')) as { chain: { rpcUrl: string } }
    ).chain.rpcUrl
    running.child.kill('SIGINT')
    await running.ended
    const pids = await auditorPids(root)
    assert.deepEqual(pids.filter(isAlive), [])
    assert.equal(await answers(rpc), false)
  })

  it('reports an auditor that dies at its start with its last words, and stops the rest', async () => {
    running = startKwitness(['devnet', '--regions', 'europe', '--keep', root])
    await running.saw('starting 4 auditors')
    await until('four auditors have begun', async () => (await auditorPids(root)).length === 4)
    const [victim] = await auditorPids(root)
    process.kill(victim ?? 0, 'SIGKILL')
    const { code, err } = await running.ended
    assert.equal(code, 1)
    assert.match(err, /auditor europe-\d ended with SIGKILL; its log [^\n]+\(ERR_DEVNET_PROCESS\)/)
    assert.deepEqual((await auditorPids(root)).filter(isAlive), [])
  })
})
