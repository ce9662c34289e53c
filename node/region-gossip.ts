import type { Logger } from 'pino'
import { decodeGossip, encodeGossip, errorCodeOf } from '#protocol'
import type { GossipMessage } from '#protocol'
import type { Gossip, GossipVerdict } from './network/types.ts'

/** What the gossip of a region needs. */
export type RegionGossipInit = {
  readonly gossip: Gossip
  readonly topic: string
  /** @returns false for a message that is well formed but not for this node: it is not passed on. */
  readonly take: (message: GossipMessage) => Promise<boolean>
  readonly log: Logger
}

/** Codes that prove the sender wrong, whoever it is: nobody may pass such a message on. */
const FAULTS = new Set([
  'ERR_PROTOCOL_TOO_LARGE',
  'ERR_PROTOCOL_CODEC',
  'ERR_PROTOCOL_SCHEMA',
  'ERR_PROTOCOL_SIGNATURE',
  'ERR_PROTOCOL_QUORUM',
  'ERR_PROTOCOL_RANGE',
  'ERR_ANCHOR_SIGNATURE',
])

/** The topic of a region: decodes, hands on, and maps what is thrown to gossip's verdicts. */
export class RegionGossip {
  readonly #init: RegionGossipInit

  constructor(init: RegionGossipInit) {
    this.#init = init
  }

  start(): void {
    this.#init.gossip.subscribe(this.#init.topic, async (bytes) => this.#judge(bytes))
  }

  /** Sends a message to the region; what does not arrive comes by sync. */
  async publish(message: GossipMessage): Promise<void> {
    try {
      await this.#init.gossip.publish(this.#init.topic, encodeGossip(message))
    } catch (cause) {
      this.#init.log.debug({ kind: message.kind, code: errorCodeOf(cause) }, 'not gossiped; sync will bring it')
    }
  }

  async #judge(bytes: Uint8Array): Promise<GossipVerdict> {
    try {
      return (await this.#init.take(decodeGossip(bytes))) ? 'accept' : 'ignore'
    } catch (cause) {
      const code = errorCodeOf(cause)
      const verdict = FAULTS.has(code) ? 'reject' : 'ignore'
      this.#init.log[verdict === 'reject' ? 'warn' : 'debug']({ code, err: cause }, 'gossip message refused')
      return verdict
    }
  }
}
