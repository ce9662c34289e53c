import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { encodeCanonical, sha256, toHex, utf8 } from '#protocol'
import { AuditorProcess, findFreePort } from '../support/auditor-process.ts'
import { csvBill, submissionOf } from '../support/bills.ts'
import { untilState } from '../support/follow.ts'
import { checkInvariants, valuesOf, withStore } from '../support/invariants.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { seededRandom } from '../support/random.ts'
import { Rogue } from '../support/rogue.ts'

const ALL = [0, 1, 2, 3]
const BILLS = 40
/** `KWITNESS_TEST_SEED=7` repeats a run as far as processes can be repeated. */
const SEED = Number(process.env['KWITNESS_TEST_SEED'] ?? Date.now() % 1_000_000)

describe(`a region whose auditors are killed (seed ${SEED})`, function () {
  this.timeout(240_000)
  const random = seededRandom(SEED)
  const auditors = new Map<number, AuditorProcess>()
  const ports: number[] = []
  const addresses = new Map<number, string>()
  let region: LiveRegion
  /** Claims that must be on the chain in the end. */
  let expected = 0
  /** A peer outside of the committee that writes down all it hears. */
  let witness: Rogue

  before(async () => {
    region = await startLiveRegion({ started: [], anchor: { intervalMs: 1_500, maxClaims: 1_000, stageMs: 2_000 } })
    for (const _ of ALL) ports.push(await findFreePort())
    for (const position of ALL) await start(position)
    witness = await Rogue.join(region, 0, { key: sha256(utf8('witness')), bootstrap: [...addresses.values()] })
  })

  after(async () => {
    await witness?.stop()
    await Promise.all([...auditors.values()].map(async (auditor) => auditor.kill()))
    await region.stop()
  })

  async function start(position: number): Promise<void> {
    const bootstrap = [...addresses].filter(([other]) => other !== position).map(([, address]) => address)
    const listen = [`/ip4/127.0.0.1/tcp/${ports[position]}`]
    const auditor = await AuditorProcess.start(region.nodeInit(position, { listen, bootstrap }))
    auditors.set(position, auditor)
    const [address] = auditor.listen
    if (address !== undefined) addresses.set(position, address)
  }

  async function kill(position: number): Promise<void> {
    const auditor = auditors.get(position)
    auditors.delete(position)
    await auditor?.kill()
  }

  function auditorAt(position: number): AuditorProcess {
    const auditor = auditors.get(position)
    assert.ok(auditor !== undefined, `auditor ${position} is down`)
    return auditor
  }

  const between = (lowMs: number, highMs: number): number => lowMs + Math.floor(random() * (highMs - lowMs))

  it('loses nothing that was answered, signs nothing twice, and anchors each claim once', async () => {
    const answered: { position: number; cid: string }[] = []
    let isKilling = true

    async function load(): Promise<void> {
      for (let i = 0; i < BILLS; i += 1) {
        const up = [...auditors.keys()]
        const position = up[Math.floor(random() * up.length)] ?? 0
        const bill = csvBill({ point: `crash-${i}`, kWh: String(100 + i) })
        const submission = submissionOf(bill, random() < 0.5 ? 'sealed' : 'public')
        try {
          const { cid } = await (auditors.get(position)?.submitBill(submission) ?? Promise.reject(new Error('down')))
          answered.push({ position, cid })
        } catch (thrown) {
          // Not answered: whoever submitted it sends it again, to whomever.
          assert.match(String(thrown), /the auditor is gone|down|ERR_IPC|EPIPE|channel closed/i)
          i -= 1
        }
        await pause(between(0, isKilling ? 250 : 20))
      }
    }

    async function killAll(): Promise<void> {
      // Each one at least once, in an order and at moments that nobody chose; once two at a time.
      const order = ALL.toSorted(() => random() - 0.5)
      const victims = [...order, ...order.slice(0, 2)]
      for (let i = 0; i < victims.length; i += 1) {
        await pause(between(20, 500))
        const pair = i % 4 === 3 ? victims.slice(i, i + 2) : victims.slice(i, i + 1)
        await Promise.all(pair.map(kill))
        await pause(between(0, 300))
        await Promise.all(pair.map(start))
        i += pair.length - 1
      }
      isKilling = false
    }

    await Promise.all([load(), killAll()])
    assert.equal(answered.length, BILLS)
    expected += BILLS
    for (const { position, cid } of answered) await untilState(auditorAt(position), cid, 'certified', 60_000)
    for (const { position, cid } of answered) await untilState(auditorAt(position), cid, 'final', 60_000)
  })

  it('keeps its queue and its place when it is killed without a quorum', async () => {
    const sponsor = Math.floor(random() * 4)
    const answered: string[] = []
    const submit = async (name: string): Promise<void> => {
      const visibility = random() < 0.5 ? 'sealed' : 'public'
      const bill = csvBill({ point: `queue-${name}` })
      answered.push((await auditorAt(sponsor).submitBill(submissionOf(bill, visibility))).cid)
    }
    await submit('before')
    for (const cid of answered) await untilState(auditorAt(sponsor), cid, 'certified', 60_000)
    await Promise.all(ALL.map(kill))
    // Alone, with nothing of its own open, nobody and nothing but its records tells it how far its chain goes.
    await start(sponsor)
    // The first of them are proposed, the others wait for a place in flight.
    for (let i = 0; i < 6; i += 1) await submit(String(i))
    await kill(sponsor)
    await Promise.all(ALL.map(start))
    for (const cid of answered) await untilState(auditorAt(sponsor), cid, 'final', 60_000)
    expected += answered.length
  })

  it('has said the same each time it said something', () => {
    const votes = new Map<string, string>()
    const batches = new Map<string, string>()
    for (const message of witness.heard) {
      if (message.kind === 'vote') {
        const { voter, content, signature } = message.vote
        const key = `${toHex(voter)} ${content.batch.toString()}`
        const said = toHex(encodeCanonical([content, signature]))
        assert.equal(votes.get(key) ?? said, said, `two different votes: ${key}`)
        votes.set(key, said)
      } else if (message.kind === 'announcement') {
        const { sponsor, seq, batch } = message.announcement
        const key = `${toHex(sponsor)} ${seq}`
        assert.equal(batches.get(key) ?? batch.toString(), batch.toString(), `two batches for one place: ${key}`)
        batches.set(key, batch.toString())
      }
      assert.notEqual(message.kind, 'equivocation')
    }
    assert.ok(votes.size > expected / 8)
  })

  it('holds its invariants on every disk after all of it', async () => {
    await Promise.all(ALL.map(async (position) => auditorAt(position).stop()))
    const { certified, anchors } = await checkInvariants(region, ALL)
    assert.equal(certified.size, expected)
    assert.equal(
      anchors.reduce((sum, anchor) => sum + anchor.claims, 0),
      expected,
    )
    for (const position of ALL) {
      await withStore(region, position, async (store) => {
        assert.deepEqual(await valuesOf(store.equivocations), [], `auditor ${position} has proofs of equivocation`)
      })
    }
  })
})
