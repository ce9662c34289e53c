import { withBitswap } from '@helia/bitswap'
import { withLibp2pLight } from '@helia/libp2p'
import type { HeliaWithLibp2p } from '@helia/libp2p'
import * as dagCbor from '@ipld/dag-cbor'
import { privateKeyFromRaw } from '@libp2p/crypto/keys'
import { identify, identifyPush } from '@libp2p/identify'
import type { ServiceMap } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createHeliaLight } from 'helia'
import type { ServiceFactoryMap } from 'libp2p'
import { DIAL_TIMEOUT_MS, STREAM_WINDOW_BYTES } from './constants.ts'
import type { NetworkInit, NetworkLimits } from './types.ts'

/** Protocols of libp2p itself that strangers may speak: who are you, on which addresses. */
export const IDENTIFY_PROTOCOLS = ['/ipfs/id/1.0.0', '/ipfs/id/push/1.0.0'] as const

/** Options of {@link createHost}. */
export type HostInit = Pick<
  NetworkInit,
  'privateKey' | 'listen' | 'announce' | 'agent' | 'blockstore' | 'datastore'
> & {
  readonly limits: NetworkLimits
  /** Services of ours; made before libp2p starts, in this order, the gate first. */
  readonly services: ServiceFactoryMap
}

/**
 * Helia with bitswap over libp2p: TCP, Noise, yamux. The one place that chooses transports. Nothing of Helia's defaults
 * (DHT, public bootstrap peers, delegated routing, WebRTC, HTTP gateways) is taken: an auditor speaks to its own network.
 */
export function createHost(init: HostInit): HeliaWithLibp2p<ServiceMap> {
  const helia = createHeliaLight({
    blockstore: init.blockstore,
    datastore: init.datastore,
    codecs: [dagCbor],
  })
  return withBitswap(
    withLibp2pLight(helia, {
      privateKey: privateKeyFromRaw(init.privateKey),
      nodeInfo: { userAgent: init.agent },
      addresses: { listen: [...init.listen], announce: [...(init.announce ?? [])] },
      // A node that votes once per batch of bills waits for its peers' packets: no delay to fill them.
      transports: [tcp({ dialOpts: { noDelay: true }, listenOpts: { noDelay: true } })],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: STREAM_WINDOW_BYTES } })],
      connectionManager: {
        maxConnections: init.limits.maxConnections,
        inboundConnectionThreshold: init.limits.inboundConnectionsPerSecond,
        maxIncomingPendingConnections: init.limits.maxPendingInbound,
        dialTimeout: DIAL_TIMEOUT_MS,
        // The dialer of this folder reconnects; libp2p's own gives up after five times.
        reconnectRetries: 0,
      },
      services: { ...init.services, identify: identify(), identifyPush: identifyPush() },
    }),
  )
}
