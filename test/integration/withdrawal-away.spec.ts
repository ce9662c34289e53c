import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { CID } from 'multiformats/cid'
import {
  addressOfPrivateKey,
  cidOfDigest,
  DAG_CBOR_CODE,
  LIMITS,
  orderBytes,
  RAW_CODE,
  signWithdrawal,
  toHex,
} from '#protocol'
import type { SyncRecord, Withdrawal } from '#protocol'
import { generateArchiveKey } from '#storage'
import { csvBill, submissionOf } from '../support/bills.ts'
import { submitTo, untilState } from '../support/follow.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { Rogue } from '../support/rogue.ts'
import { hashOf } from '../support/region-fixture.ts'
import { until } from '../support/until.ts'

const NEVER = new AbortController().signal
const OPERATOR = { actor: 'operator' }
const ACCOUNT = 'brief'
const REST = [0, 1, 2]

/** From a withdrawal to the certificate of its bill: a few round trips; a search for a block alone takes 5 s. */
const FOLLOW_MS = 3_000

/** Withdrawals of the largest size that fill the share of one sponsor. */
const FULL_SHARE = 16

describe('an auditor that looks for a bill which was withdrawn while it was away', function () {
  this.timeout(120_000)
  let region: LiveRegion
  let rogue: Rogue | undefined
  let bill: CID

  before(async () => {
    region = await startLiveRegion()
    const { recipient } = await generateArchiveKey()
    await region.node(0).accounts.addAccount({ id: ACCOUNT, recipient }, OPERATOR)
    await region.stopNode(3)
    const submission = { bytes: csvBill({ point: 'away' }), visibility: 'sealed', accountId: ACCOUNT } as const
    const { cid } = await submitTo(region.node(0), { ...submission, file: 'away.csv' })
    bill = CID.parse(cid)
    await Promise.all(REST.map(async (position) => untilState(region.node(position), cid, 'final')))
    await region.node(0).accounts.closeAccount(ACCOUNT, OPERATOR)
    for (const position of REST) {
      await until(`the bill is gone at auditor ${position}`, async () => {
        return (await region.node(position).readBill(cid, NEVER)) === undefined
      })
    }
  })
  after(async () => {
    await rogue?.stop()
    await region.stop()
  })

  /** What a peer has that went through all of it but the withdrawal: it is the only one that the auditor finds. */
  async function joinRogue(): Promise<{ rogue: Rogue; records: SyncRecord[] }> {
    await region.stopNode(1)
    const joined = await Rogue.join(region, 1)
    const records = await until('the rogue has learned all', async () => {
      const learned = await joined.learn()
      const kinds = new Set(learned.map(({ kind }) => kind))
      return kinds.has('withdrawal') && kinds.has('batch') && kinds.has('anchor') ? learned : undefined
    })
    for (const record of records) {
      if (record.kind === 'batch') await joined.load(record.announcement)
      if (record.kind === 'anchor') await joined.archive.getBlock(cidOfDigest(record.anchor.manifest, DAG_CBOR_CODE))
    }
    return { rogue: joined, records }
  }

  it('is not stopped by a false withdrawal, ends its search with the true one, and does not look again', async () => {
    const joined = await joinRogue()
    rogue = joined.rogue
    const { context } = rogue
    const [withdrawal] = joined.records.flatMap((it) => (it.kind === 'withdrawal' ? [it.withdrawal] : []))
    assert.ok(withdrawal !== undefined && withdrawal.bills.some((it) => it.equals(bill)))

    const node = await region.startNode(3, { bootstrap: rogue.network.addresses() })
    const looks = (): number => rogue?.wanted.filter((cid) => cid === bill.toString()).length ?? 0
    // The chain told it of the batch, with its certificate: no peer has said a word of the withdrawal.
    await until('it looks for the bill', () => looks() > 0)
    assert.equal(await node.findStatus(bill.toString()), undefined)

    const own = { region: context.region.name, sponsor: context.address, seq: 1, bills: [bill] }
    const signed = signWithdrawal(context.domain, own, context.privateKey)
    const lies: Withdrawal[] = [signed, { ...signed, sponsor: withdrawal.sponsor }]
    rogue.syncAnswer = () => lies.map((lie) => ({ kind: 'withdrawal', withdrawal: lie }))
    await rogue.untilAsked(3)
    assert.equal(await node.findStatus(bill.toString()), undefined)

    rogue.syncAnswer = () => [{ kind: 'withdrawal', withdrawal }]
    await untilState(node, bill.toString(), 'certified', FOLLOW_MS)
    const atEnd = looks()
    await untilState(node, bill.toString(), 'final', FOLLOW_MS)
    assert.equal(looks(), atEnd)
  })

  it('with an empty disk takes the true one also when others have filled its sponsor’s share', async () => {
    assert.ok(rogue !== undefined)
    await region.stopNode(3)
    await rm(region.dataDir(3), { recursive: true })
    const { context } = rogue
    const sponsorKey = region.keys[0] ?? new Uint8Array(32)
    const withdraw = (seq: number, bills: readonly CID[]): SyncRecord => {
      const content = { region: context.region.name, sponsor: addressOfPrivateKey(sponsorKey), seq, bills: [...bills] }
      return { kind: 'withdrawal', withdrawal: signWithdrawal(context.domain, content, sponsorKey) }
    }
    const elsewhere = (seq: number): CID[] =>
      Array.from({ length: LIMITS.withdrawnBills }, (_, i) => cidOfDigest(hashOf(`${seq}/${i}`), RAW_CODE)).toSorted(
        (one, other) => orderBytes(one.bytes, other.bytes),
      )
    const full = Array.from({ length: FULL_SHARE }, (_, i) => withdraw(i + 1, elsewhere(i + 1)))
    const joiner = toHex(addressOfPrivateKey(region.keys[3] ?? new Uint8Array(32)))
    rogue.syncAnswer = (peer) => (peer === joiner ? full : [])
    rogue.wanted.length = 0
    const node = await region.startNode(3, { bootstrap: rogue.network.addresses() })
    await until('it looks for the bill', () => rogue?.wanted.includes(bill.toString()) === true)
    await until('it says that it is behind', async () =>
      (await node.status()).findings.some(({ code }) => code === 'behind'),
    )
    // What fills the share has been taken, and is of no help.
    await rogue.untilAsked(3)
    assert.equal(await node.findStatus(bill.toString()), undefined)
    const needed = withdraw(FULL_SHARE + 1, [bill])
    rogue.syncAnswer = (peer) => (peer === joiner ? [...full, needed] : [])
    await untilState(node, bill.toString(), 'final', FOLLOW_MS)
    await until('it says that it is behind no more', async () =>
      (await node.status()).findings.every(({ code }) => code !== 'behind' && code !== 'chain'),
    )
  })

  it('joins with an empty disk, is ready, and is behind in nothing', async () => {
    await rogue?.stop()
    rogue = undefined
    await region.stopNode(3)
    await rm(region.dataDir(3), { recursive: true })
    await region.startNode(1)
    const node = await region.startNode(3)
    await untilState(node, bill.toString(), 'final')
    await until('all are here', () => node.health().committee.alive === 4)
    const { findings, anchorLag, chain } = await until('its lag is known', async () => {
      const status = await node.status()
      return status.anchorLag.claims === 0 ? status : undefined
    })
    assert.deepEqual([node.readiness(), chain], [{ ready: true, reasons: [] }, { ok: true }])
    assert.deepEqual([anchorLag.claims, findings.filter(({ code }) => code !== 'margin')], [0, []])
    // It is one of the three that an anchor takes.
    await region.stopNode(2)
    const next = await submitTo(region.node(0), submissionOf(csvBill({ point: 'after' }), 'sealed'))
    await Promise.all([0, 1, 3].map(async (position) => untilState(region.node(position), next.cid, 'final')))
  })
})
