// Stands in for the parts of libp2p that @helia/libp2p imports for its defaults alone (package.json, "overrides"). An
// auditor chooses its own parts (node/network/libp2p.ts). A name that is missing here fails every start: imports are
// linked before anything runs.

/** @returns {() => never} what is called only if somebody takes Helia's defaults; throws ERR_NETWORK_LEFT_OUT. */
function leftOut(name) {
  return () => {
    throw Object.assign(new Error(`${name} is left out of this install`), { code: 'ERR_NETWORK_LEFT_OUT' })
  }
}

export const autoTLS = leftOut('@ipshipyard/libp2p-auto-tls')
export const http = leftOut('@libp2p/http')
export const uPnPNAT = leftOut('@libp2p/upnp-nat')
export const webRTC = leftOut('@libp2p/webrtc')
export const webRTCDirect = leftOut('@libp2p/webrtc')
