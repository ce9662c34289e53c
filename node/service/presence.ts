import type { NodeHealth, PeerRefusal, PeerStatus } from '#api'
import { charterCid, toHex } from '#protocol'
import type { Components } from '../compose.ts'
import { findAddressOfPeerId } from '../network/peer-book.ts'
import type { Network } from '../network/types.ts'
import { isMember } from '../region-context.ts'
import type { RegionContext } from '../region-context.ts'
import { VERSION } from '../version.ts'

/** What presence is read from. */
export type PresenceComponents = Pick<Components, 'anchoring' | 'sponsor'> & {
  readonly context: RegionContext
  readonly network: Network
  /** Milliseconds since 1970. */
  readonly nowMs: () => number
}

/** Who this node is and whom it is connected to, from memory alone. */
export class Presence {
  readonly #components: PresenceComponents
  readonly #startedAtMs: number
  readonly #network: string

  constructor(components: PresenceComponents) {
    this.#components = components
    this.#startedAtMs = components.nowMs()
    this.#network = charterCid(components.context.charter).toString()
  }

  health(): NodeHealth {
    const { context, network, anchoring, sponsor, nowMs } = this.#components
    const connected = network.peers().filter((peer) => isMember(context, peer.address))
    const alive = new Set(connected.map((peer) => toHex(peer.address))).size + 1
    const chain = anchoring.health()
    return {
      ok: alive >= context.quorum,
      region: context.region.name,
      address: toHex(context.address),
      peerId: network.peerId,
      listen: network.addresses(),
      network: this.#network,
      committee: { size: context.committee.length, quorum: context.quorum, alive },
      queue: sponsor.waiting,
      anchorLag: chain.lag,
      chain: chain.state,
      version: VERSION,
      uptimeS: Math.floor((nowMs() - this.#startedAtMs) / 1_000),
      rssBytes: process.memoryUsage.rss(),
    }
  }

  peers(): PeerStatus[] {
    const { context, network } = this.#components
    return network.peers().map((peer) => ({
      peerId: peer.peerId,
      address: toHex(peer.address),
      remote: peer.remoteAddr,
      direction: peer.direction,
      since: new Date(peer.since).toISOString(),
      member: isMember(context, peer.address),
    }))
  }

  /** Auditors of this committee that were turned away, or turned this node away, and are not here now. */
  countRefusedMembers(): number {
    const { context, network } = this.#components
    const refused = network.refusals().flatMap(({ peerId }) => {
      const address = findAddressOfPeerId(peerId)
      return address === undefined ? [] : [toHex(address)]
    })
    const here = new Set(network.peers().map(({ address }) => toHex(address)))
    return context.committee.filter((member) => refused.includes(toHex(member)) && !here.has(toHex(member))).length
  }

  refusals(): PeerRefusal[] {
    const refusals = this.#components.network.refusals().map(({ peerId, by, reason, when }) => ({
      peer: peerId,
      reason: by === 'us' ? reason : `it refused us: ${reason}`,
      at: new Date(when).toISOString(),
    }))
    return refusals.toReversed()
  }
}
