import assert from 'node:assert/strict'
import { mock } from 'node:test'
import { transmitterOrder } from '#consensus'
import { CodedError, equalBytes, ZERO_32 } from '#protocol'
import type { SignedAnchor } from '../../../node/anchoring/proposal-book.ts'
import { Transmitter } from '../../../node/anchoring/transmitter.ts'
import { foundRegion, hashOf, REGION } from '../../support/region-fixture.ts'

const fixture = foundRegion()
const [regionCharter] = fixture.charter.regions
assert.ok(regionCharter !== undefined)
const order = transmitterOrder(fixture.domain.networkId, REGION, 1, regionCharter.committee)
const pace = { intervalMs: 10_000, maxClaims: 100, stageMs: 4_000 }

const anchor = { region: REGION, epoch: 0, seq: 1, prev: ZERO_32, root: hashOf('root'), manifest: hashOf('manifest') }
const signed: SignedAnchor = { anchor: { ...anchor, claims: 1, gramsLocation: 1n, gramsMarket: 0n }, signatures: [] }

/** A transmitter at a place of the rotation, on a clock that the test moves; its interval begins with its first look. */
class Scene {
  readonly transmitter: Transmitter
  /** When it proposed and when it sent, in ms since its start. */
  readonly proposedAtMs: number[] = []
  readonly sentAtMs: number[] = []
  readonly logged: string[] = []
  hasOwn = false
  signed: SignedAnchor | undefined
  failure: Error | undefined
  #nowMs = 0

  constructor(position: number) {
    const address = regionCharter?.committee.find((member) => equalBytes(member, order[position] ?? ZERO_32))
    assert.ok(address !== undefined && regionCharter !== undefined)
    const note = (level: string) => (details: object) => {
      this.logged.push(`${level} ${'code' in details ? String(details.code) : ''}`.trim())
    }
    this.transmitter = new Transmitter({
      context: { domain: fixture.domain, region: regionCharter, committee: regionCharter.committee, address },
      desk: {
        propose: async () => {
          this.proposedAtMs.push(this.#nowMs)
          this.hasOwn = true
          return true
        },
        book: { findSigned: async () => this.signed, hasOwn: async () => this.hasOwn },
      },
      pace,
      head: () => ({ seq: 0, anchorHash: ZERO_32 }),
      send: async () => {
        this.sentAtMs.push(this.#nowMs)
        if (this.failure !== undefined) throw this.failure
      },
      countUnanchored: async () => 1,
      nowMonotonicMs: () => this.#nowMs,
      log: { info: note('info'), warn: note('warn') },
    })
    this.transmitter.start()
  }

  async passMs(ms: number): Promise<void> {
    for (const endMs = this.#nowMs + ms; this.#nowMs < endMs;) {
      this.#nowMs += 250
      mock.timers.tick(250)
      // What a look at the clock began is done before the next one.
      for (let turn = 0; turn < 12; turn += 1) await Promise.resolve()
    }
  }
}

describe('transmitter', () => {
  let scene: Scene

  beforeEach(() => mock.timers.enable({ apis: ['setInterval'] }))
  afterEach(async () => {
    await scene.transmitter.stop()
    mock.timers.reset()
  })

  it('proposes when it is due, once a stage while no quorum signs', async () => {
    scene = new Scene(0)
    await scene.passMs(10_000)
    assert.deepEqual(scene.proposedAtMs, [])
    await scene.passMs(8_500)
    assert.deepEqual(scene.proposedAtMs, [10_250, 14_250, 18_250])
  })

  it('makes its own proposal a stage after it has signed one of another, if a quorum has not', async () => {
    scene = new Scene(1)
    await scene.passMs(12_000)
    scene.hasOwn = true
    await scene.passMs(3_750)
    assert.deepEqual(scene.proposedAtMs, [])
    await scene.passMs(1_000)
    assert.deepEqual(scene.proposedAtMs, [16_250])
  })

  it('does not wait for what others propose and it has not signed', async () => {
    scene = new Scene(1)
    await scene.passMs(14_250)
    assert.deepEqual(scene.proposedAtMs, [14_250])
  })

  it('tries again after longer and longer pauses while nothing can be sent, and says so once', async () => {
    scene = new Scene(0)
    scene.signed = signed
    scene.failure = new CodedError('no ether', { code: 'ERR_CHAIN_PAYER_EMPTY' })
    await scene.passMs(70_000)
    assert.deepEqual(scene.sentAtMs, [10_250, 10_750, 11_750, 13_750, 17_750, 25_750, 40_750, 55_750])
    assert.deepEqual(scene.logged, ['warn ERR_CHAIN_PAYER_EMPTY'])
    scene.failure = undefined
    scene.transmitter.retryNow()
    await scene.passMs(250)
    assert.equal(scene.sentAtMs.at(-1), 70_250)
    assert.deepEqual(scene.logged, ['warn ERR_CHAIN_PAYER_EMPTY', 'info'])
  })
})
