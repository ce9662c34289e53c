import { createCipheriv, createDecipheriv, randomBytes, randomUUID, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { z } from 'zod'
import { addressOfPrivateKey, fromHex, keccak256, toHex } from '#protocol'
import { IdentityError } from './identity-error.ts'

/** Work of scrypt: `strong` takes about half a second and 128 MiB, `light` a few milliseconds. */
const KEYSTORE_COST = { strong: 131_072, light: 4_096 } as const
/** Which work a new keystore asks of everybody who tries a passphrase. */
export type KeystoreCost = keyof typeof KEYSTORE_COST

const BLOCK_SIZE = 8
/** scrypt needs 128 x N x r bytes; a keystore that asks for more is refused rather than swapped to disk. */
const MAX_SCRYPT_BYTES = 512 * 1024 * 1024

const hexShape = (bytes: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-fA-F]{${bytes * 2}}$`))
const cryptoShape = z.object({
  cipher: z.literal('aes-128-ctr'),
  cipherparams: z.object({ iv: hexShape(16) }),
  ciphertext: hexShape(32),
  kdf: z.literal('scrypt'),
  kdfparams: z.object({
    dklen: z.literal(32),
    n: z.number().int().min(2),
    r: z.number().int().min(1),
    p: z.number().int().min(1).max(16),
    salt: z.string().regex(/^(?:[0-9a-fA-F]{2}){8,128}$/),
  }),
  mac: hexShape(32),
})
// Some tools write `Crypto`.
const keystoreShape = z.union([
  z.object({ version: z.literal(3), crypto: cryptoShape }),
  z
    .object({ version: z.literal(3), Crypto: cryptoShape })
    .transform(({ version, Crypto }) => ({ version, crypto: Crypto })),
])

type ScryptParameters = { readonly n: number; readonly r: number; readonly p: number }

const scryptAsync = promisify<string, Uint8Array, number, object, Buffer>(scrypt)

async function deriveKey(passphrase: string, salt: Uint8Array, { n, r, p }: ScryptParameters): Promise<Uint8Array> {
  const neededBytes = 128 * n * r + 128 * r * p
  if (neededBytes > MAX_SCRYPT_BYTES) throw formatError('kdfparams', `asks for ${neededBytes} bytes of memory`)
  try {
    // NFKC, as every wallet does: the same passphrase typed on another keyboard gives the same bytes.
    return await scryptAsync(passphrase.normalize('NFKC'), salt, 32, { N: n, r, p, maxmem: 2 * neededBytes })
  } catch (cause) {
    throw formatError('kdfparams', 'scrypt refuses the parameters', cause)
  }
}

/**
 * JSON text of an Ethereum keystore v3 (Web3 Secret Storage) of a 32-byte private key: scrypt and AES-128-CTR, as geth
 * and ethers write it.
 */
export async function encryptKeystore(privateKey: Uint8Array, passphrase: string, cost: KeystoreCost): Promise<string> {
  const salt = randomBytes(32)
  const iv = randomBytes(16)
  const parameters = { n: KEYSTORE_COST[cost], r: BLOCK_SIZE, p: 1 }
  const derived = await deriveKey(passphrase, salt, parameters)
  const cipher = createCipheriv('aes-128-ctr', derived.subarray(0, 16), iv)
  const ciphertext = Buffer.concat([cipher.update(privateKey), cipher.final()])
  const keystore = {
    version: 3,
    id: randomUUID(),
    address: bare(addressOfPrivateKey(privateKey)),
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: bare(iv) },
      ciphertext: bare(ciphertext),
      kdf: 'scrypt',
      kdfparams: { dklen: 32, ...parameters, salt: bare(salt) },
      mac: bare(keccak256(derived.subarray(16, 32), ciphertext)),
    },
  }
  return `${JSON.stringify(keystore, null, 2)}\n`
}

/**
 * The private key of a keystore v3.
 *
 * @throws {IdentityError} ERR_KEY_FORMAT, ERR_KEY_PASSPHRASE
 */
export async function decryptKeystore(text: string, passphrase: string): Promise<Uint8Array> {
  const { ciphertext, cipherparams, kdfparams, mac } = parseKeystore(text).crypto
  const derived = await deriveKey(passphrase, bytesOf(kdfparams.salt), kdfparams)
  const encrypted = bytesOf(ciphertext)
  if (!timingSafeEqual(keccak256(derived.subarray(16, 32), encrypted), bytesOf(mac))) {
    throw new IdentityError('the passphrase does not open the keystore', { code: 'ERR_KEY_PASSPHRASE' })
  }
  const decipher = createDecipheriv('aes-128-ctr', derived.subarray(0, 16), bytesOf(cipherparams.iv))
  return Uint8Array.from(Buffer.concat([decipher.update(encrypted), decipher.final()]))
}

function parseKeystore(text: string): { crypto: z.infer<typeof cryptoShape> } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw formatError('', 'not JSON', cause)
  }
  const result = keystoreShape.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const nested = issue?.code === 'invalid_union' ? issue.errors[0]?.[0] : issue
  throw formatError((nested?.path ?? []).join('.'), nested?.message ?? 'wrong shape')
}

function formatError(place: string, why: string, cause?: unknown): IdentityError {
  return new IdentityError(
    `keystore: ${place === '' ? '' : `${place}: `}${why}`,
    { code: 'ERR_KEY_FORMAT', place },
    cause === undefined ? {} : { cause },
  )
}

/** Hex without `0x`, as keystore files have it. */
function bare(bytes: Uint8Array): string {
  return toHex(bytes).slice(2)
}

function bytesOf(hex: string): Uint8Array {
  return fromHex(`0x${hex.toLowerCase()}`)
}
