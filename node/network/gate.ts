import type { StreamHandler, StreamHandlerOptions } from '@libp2p/interface'

/** What the gate needs of libp2p's registrar, where all protocols of a node are registered. */
export type ProtocolRegistrar = {
  handle(protocol: string, handler: StreamHandler, options?: StreamHandlerOptions): Promise<void>
}

/** Needs of the gate. */
export type GateInit = {
  /** Protocols that strangers may speak: hello, and libp2p's own identification. */
  readonly open: ReadonlySet<string>
  /** Waits for the handshake of a peer and says whether it passed. */
  readonly isAdmitted: (peerId: string) => Promise<boolean>
}

/**
 * Puts the handshake before every protocol of one libp2p node, whoever registers it: gossip, bitswap, requests.
 *
 * A stream that a pending peer opens waits, with what it has sent in the stream's bounded buffer, and is handed over
 * when the handshake has passed; else it is cut. (libp2p's own middleware will not do: it adds the handler to the list
 * again with each inbound stream, libp2p 3.3.11, connection.js `onIncomingStream`.)
 */
export function gateRegistrar(registrar: ProtocolRegistrar, init: GateInit): void {
  const handle = registrar.handle.bind(registrar)
  registrar.handle = async (protocol, handler, options) => {
    await handle(protocol, init.open.has(protocol) ? handler : gateHandler(handler, init), options)
  }
}

function gateHandler(handler: StreamHandler, init: GateInit): StreamHandler {
  return async (stream, connection) => {
    if (await init.isAdmitted(connection.remotePeer.toString())) {
      if (stream.status === 'open') await handler(stream, connection)
    } else {
      stream.abort(new Error('no stream before the handshake'))
    }
  }
}
