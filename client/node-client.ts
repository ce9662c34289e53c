import type { NodeHealth, NodeStatus, PeerRefusal, PeerStatus, Readiness } from '#api'
import { Transport } from './transport.ts'
import type { CallOptions, ClientInit } from './transport.ts'

/** What both listeners of a node answer. */
export class NodeClient {
  protected readonly transport: Transport

  /** @throws {ClientError} ERR_CLIENT_REQUEST for a URL or a key that is none. */
  constructor(init: ClientInit) {
    this.transport = new Transport(init)
  }

  /** Base URL of the listener, without a slash at its end. */
  get url(): string {
    return this.transport.url
  }

  /** True if requests carry a key. */
  get hasKey(): boolean {
    return this.transport.hasKey
  }

  /** Whether the node lives. Asked once, unless `options` say otherwise. */
  async getHealth(options?: CallOptions): Promise<NodeHealth> {
    return this.transport.json(
      { path: '/healthz', accepted: [503] },
      ['ok', 'region', 'committee', 'address', 'listen'],
      { attempts: 1, ...options },
    )
  }

  /** Whether bills that are handed in now will be certified, and else why not. Asked once, unless `options` say otherwise. */
  async getReadiness(options?: CallOptions): Promise<Readiness> {
    return this.transport.json({ path: '/readyz', accepted: [503] }, ['ready', 'reasons'], { attempts: 1, ...options })
  }

  /** How the node is: everything for a key with the scope `admin`, else its health. */
  async getStatus(options?: CallOptions): Promise<NodeStatus | (NodeHealth & { readonly ready: boolean })> {
    return this.transport.json({ path: '/v1/status' }, ['ok', 'ready', 'committee'], options)
  }

  /** Who the node is connected to, and whom it turned away lately. */
  async listPeers(
    options?: CallOptions,
  ): Promise<{ readonly peers: readonly PeerStatus[]; readonly refusals: readonly PeerRefusal[] }> {
    return this.transport.json({ path: '/v1/peers' }, ['peers', 'refusals'], options)
  }
}
