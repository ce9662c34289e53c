import { createPrivateKey, createPublicKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { sha256, toHex } from '#protocol'

/** Names of the keys that have certificates. */
export type Seal =
  | 'below'
  | 'beneath'
  | 'curve'
  | 'demanding'
  | 'edwards'
  | 'expired'
  | 'forged'
  | 'oldfashioned'
  | 'oldpss'
  | 'root'
  | 'server'
  | 'stamper'
  | 'stranger'
  | 'toodeep'
  | 'utility'
  | 'weak'

/** Private key of a name in `keys/`. */
export function privateKeyOf(name: Seal | 'mail' | 'mail1024' | 'mailed'): KeyObject {
  return createPrivateKey(readPem(`${name}.key.pem`))
}

/** Certificate of a seal, DER. */
export function certificateOf(name: Seal): Uint8Array {
  const base64 = readPem(`${name}.cert.pem`).replaceAll(/-----[A-Z ]+-----|\s/g, '')
  return new Uint8Array(Buffer.from(base64, 'base64'))
}

/** SHA-256 of a seal's certificate as trust lists have it. */
export function hashOfSeal(name: Seal): string {
  return toHex(sha256(certificateOf(name))).slice(2)
}

/** TXT record of a mail key (RFC 6376 section 3.6.1, RFC 8463 section 4). */
export function recordOf(name: 'mail' | 'mail1024' | 'mailed'): string {
  const key = createPublicKey(privateKeyOf(name)).export({ type: 'spki', format: 'der' })
  return name === 'mailed'
    ? `v=DKIM1; k=ed25519; p=${key.subarray(-32).toString('base64')}`
    : `v=DKIM1; k=rsa; p=${key.toString('base64')}`
}

function readPem(file: string): string {
  return readFileSync(new URL(`./keys/${file}`, import.meta.url), 'utf8')
}
