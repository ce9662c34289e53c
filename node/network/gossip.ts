import { hash } from 'node:crypto'
import { gossipsub, StrictNoSign, TopicValidatorResult } from '@chainsafe/libp2p-gossipsub'
import type { GossipSub, GossipSubComponents, Message } from '@chainsafe/libp2p-gossipsub'
import type { PeerId } from '@libp2p/interface'
import { utf8 } from '#protocol'
import { GOSSIP_IN_FLIGHT_PER_PEER } from './constants.ts'
import { NetworkError } from './network-error.ts'
import type { Gossip, GossipHandler, NetworkLimits } from './types.ts'

/** Options of {@link GossipService}. */
export type GossipServiceInit = {
  readonly topics: readonly string[]
  readonly limits: Pick<NetworkLimits, 'ipColocationWeight' | 'gossipBytes'>
}

/** Messages of one frame that are decoded; a peer that answers IWANT sends several in one. */
const FRAME_MESSAGES = 512
/** Largest gossip frame: 64 messages of the largest size, and their heads. */
const FRAME_MESSAGES_OF_LIMIT = 64
/** A peer that reads so slowly that this much waits for it is cut off; it comes back and syncs. */
const OUTBOUND_BUFFER_BYTES = 16 * 1024 * 1024

const RESULTS = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
} as const

/**
 * Score of a topic: only messages that the application rejects count. Delivery rates do not, since a region is quiet
 * for hours and then busy, and an honest node would be punished for either.
 */
const TOPIC_SCORE = {
  topicWeight: 1,
  timeInMeshWeight: 0.01,
  timeInMeshQuantum: 1_000,
  timeInMeshCap: 300,
  firstMessageDeliveriesWeight: 0,
  firstMessageDeliveriesDecay: 0.5,
  firstMessageDeliveriesCap: 1,
  meshMessageDeliveriesWeight: 0,
  meshMessageDeliveriesDecay: 0.5,
  meshMessageDeliveriesCap: 1,
  meshMessageDeliveriesThreshold: 1,
  meshMessageDeliveriesWindow: 10,
  meshMessageDeliveriesActivation: 5_000,
  meshFailurePenaltyWeight: 0,
  meshFailurePenaltyDecay: 0.5,
  invalidMessageDeliveriesWeight: -20,
  invalidMessageDeliveriesDecay: 0.9,
} as const

/** Id of a message: its topic and content, so that the same bytes are passed on once. */
function messageId(message: Message): Uint8Array {
  return hash('sha256', Buffer.concat([utf8(`${message.topic}\n`), message.data]), 'buffer').subarray(0, 20)
}

/**
 * The one place that knows gossipsub. Messages carry no transport signature (`StrictNoSign`): each is signed by its
 * author at application level, so the transport's author need not be trusted, and 24 times as many pass (DESIGN 17).
 */
export class GossipService implements Gossip {
  readonly #init: GossipServiceInit
  readonly #handlers = new Map<string, GossipHandler>()
  readonly #inFlight = new Map<string, number>()
  #pubsub: GossipSub | undefined
  #started = false

  constructor(init: GossipServiceInit) {
    this.#init = init
  }

  /** Factory for libp2p's `services`. */
  readonly service = (components: GossipSubComponents): GossipSub => {
    const { topics, limits } = this.#init
    this.#pubsub = gossipsub({
      globalSignaturePolicy: StrictNoSign,
      allowedTopics: [...topics],
      msgIdFn: messageId,
      emitSelf: false,
      doPX: false,
      fallbackToFloodsub: false,
      // A message goes to every peer of the topic at once: one hop in a region, and no wait for a mesh to form.
      floodPublish: true,
      allowPublishToZeroTopicPeers: true,
      ignoreDuplicatePublishError: true,
      D: 8,
      Dlo: 4,
      Dhi: 12,
      Dscore: 4,
      Dout: 2,
      Dlazy: 8,
      maxInboundDataLength: FRAME_MESSAGES_OF_LIMIT * (limits.gossipBytes + 1024),
      maxOutboundBufferSize: OUTBOUND_BUFFER_BYTES,
      decodeRpcLimits: {
        maxSubscriptions: 4 * topics.length + 16,
        maxMessages: FRAME_MESSAGES,
        maxIhaveMessageIDs: 5_000,
        maxIwantMessageIDs: 1_000,
        maxIdontwantMessageIDs: 512,
        maxControlMessages: 256,
        maxPeerInfos: 0,
      },
      scoreParams: {
        IPColocationFactorWeight: limits.ipColocationWeight,
        topics: Object.fromEntries(topics.map((topic) => [topic, TOPIC_SCORE])),
      },
    })(components)
    for (const topic of topics) {
      this.#pubsub.topicValidators.set(topic, (peer, message) => this.#judge(peer, message))
    }
    return this.#pubsub
  }

  async #judge(peer: PeerId, message: Message): Promise<TopicValidatorResult> {
    const from = peer.toString()
    const handler = this.#handlers.get(message.topic)
    const inFlight = this.#inFlight.get(from) ?? 0
    if (handler === undefined || inFlight >= GOSSIP_IN_FLIGHT_PER_PEER) return TopicValidatorResult.Ignore
    if (message.data.byteLength > this.#init.limits.gossipBytes) return TopicValidatorResult.Reject
    this.#inFlight.set(from, inFlight + 1)
    try {
      return RESULTS[await handler(message.data, from)]
    } catch {
      // A handler that throws has not judged the message; its sender is not to blame.
      return TopicValidatorResult.Ignore
    } finally {
      const left = (this.#inFlight.get(from) ?? 1) - 1
      if (left > 0) this.#inFlight.set(from, left)
      else this.#inFlight.delete(from)
    }
  }

  /** Announces subscriptions; libp2p has started. */
  start(): void {
    this.#started = true
    for (const topic of this.#handlers.keys()) this.#pubsub?.subscribe(topic)
  }

  stop(): void {
    this.#started = false
  }

  subscribe(topic: string, handler: GossipHandler): void {
    this.#assertDeclared(topic)
    this.#handlers.set(topic, handler)
    if (this.#started) this.#pubsub?.subscribe(topic)
  }

  async publish(topic: string, bytes: Uint8Array): Promise<number> {
    this.#assertDeclared(topic)
    const { gossipBytes } = this.#init.limits
    if (bytes.byteLength > gossipBytes) {
      throw new NetworkError(`message of ${bytes.byteLength} bytes, at most ${gossipBytes} are sent`, {
        code: 'ERR_NETWORK_TOO_LARGE',
        sizeBytes: bytes.byteLength,
        limitBytes: gossipBytes,
      })
    }
    if (!this.#started || this.#pubsub === undefined) {
      throw new NetworkError('network is stopped', { code: 'ERR_NETWORK_STOPPED' })
    }
    return (await this.#pubsub.publish(topic, bytes)).recipients.length
  }

  #assertDeclared(topic: string): void {
    if (!this.#init.topics.includes(topic)) {
      throw new NetworkError(`topic ${topic} was not declared`, { code: 'ERR_NETWORK_TOPIC', topic })
    }
  }
}
