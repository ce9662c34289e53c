import assert from 'node:assert/strict'
import type { BillEvent } from '#api'
import { AuditorProcess, findFreePort } from '../support/auditor-process.ts'
import { csvBill, submissionOf } from '../support/bills.ts'
import { submitTo } from '../support/follow.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'
import { until } from '../support/until.ts'
import { WebhookEndpoint } from '../support/webhook-endpoint.ts'

const HONEST = [0, 1]
const VICTIM = 3
const PATH = ['received', 'proposed', 'certified', 'anchored', 'final']

/*
 * Events are written by looking at records, in commits of their own. The process dies between the commit of a record and that of
 * its event, for each state.
 */
describe('events of an auditor that is killed', function () {
  this.timeout(180_000)
  let region: LiveRegion
  let victim: AuditorProcess
  let endpoint: WebhookEndpoint
  let port: number
  const account = submissionOf(csvBill({ point: 'any' })).accountId
  const cids: string[] = []

  before(async () => {
    region = await startLiveRegion({ started: HONEST, anchor: { intervalMs: 500, maxClaims: 1_000, stageMs: 1_000 } })
    endpoint = await WebhookEndpoint.start()
    port = await findFreePort()
    victim = await start()
    await victim.addWebhook(account, endpoint.url)
  })

  after(async () => {
    await victim?.kill()
    await endpoint?.stop()
    await region?.stop()
  })

  const start = async (): Promise<AuditorProcess> =>
    AuditorProcess.start(
      region.nodeInit(VICTIM, { listen: [`/ip4/127.0.0.1/tcp/${port}`], webhooks: { allowPrivate: true } }),
    )

  const statesOf = (events: readonly BillEvent[], cid: string): string[] =>
    events.filter((event) => event.cid === cid).map(({ state }) => state)

  for (const state of PATH) {
    it(`are told once each and in order, killed before it tells ${state}`, async () => {
      const submission = submissionOf(csvBill({ point: `events-${state}` }))
      await victim.dieTelling(state)
      const answered = await victim.submitBill(submission).catch(() => undefined)
      await until('the auditor is gone', () => victim.isGone, { deadlineMs: 60_000 })
      victim = await start()
      const { cid } = answered ?? (await submitTo(victim, submission))
      cids.push(cid)
      let events: readonly BillEvent[] = []
      const isFinal = async (): Promise<boolean> => {
        events = await victim.listEvents(account)
        return statesOf(events, cid).includes('final')
      }
      await until('it is told as final', isFinal, { deadlineMs: 60_000, lastSeen: () => statesOf(events, cid) })
      assert.deepEqual(statesOf(events, cid), PATH)
    })
  }

  it('have numbers without gaps, and none is told twice or missing after all of it', async () => {
    const events = await victim.listEvents(account)
    assert.deepEqual(
      events.map(({ seq }) => seq),
      events.map((_, i) => i + 1),
    )
    assert.equal(events.length, cids.length * PATH.length)
    for (const cid of cids) assert.deepEqual(statesOf(events, cid), PATH)
    const isPosted = ({ seq }: BillEvent): boolean => endpoint.events().some((posted) => posted.seq === seq)
    await until('all are posted', () => events.every(isPosted), { deadlineMs: 60_000 })
    // Twice only what was answered and not written down, and then with the same id and the same words.
    const bodies = new Map<string, string>()
    for (const { id, body } of endpoint.posts) assert.equal(bodies.get(id) ?? body, (bodies.set(id, body), body))
    assert.equal(bodies.size, events.length)
  })
})
