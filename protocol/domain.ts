import { abiEncode, wordOfAddress, wordOfUint } from './abi-words.ts'
import { utf8 } from './bytes.ts'
import { keccak256 } from './hash.ts'

/** What binds every signature to one network (DESIGN 3). */
export type Domain = {
  readonly chainId: number
  /** 20-byte address of the network's AuditRegistry. */
  readonly registry: Uint8Array
  /** 32-byte digest of the charter's CID. */
  readonly networkId: Uint8Array
}

const DOMAIN_TYPE = keccak256(
  utf8('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)'),
)
const NAME = keccak256(utf8('kWitness'))
const VERSION = keccak256(utf8('1'))
const PREFIX = new Uint8Array([0x19, 0x01])

const separators = new WeakMap<Domain, Uint8Array>()

function separatorOf(domain: Domain): Uint8Array {
  let separator = separators.get(domain)
  if (separator === undefined) {
    separator = keccak256(
      abiEncode([
        DOMAIN_TYPE,
        NAME,
        VERSION,
        wordOfUint(domain.chainId),
        wordOfAddress(domain.registry),
        domain.networkId,
      ]),
    )
    separators.set(domain, separator)
  }
  return separator
}

/** EIP-712 digest of a struct hash: what is signed. */
export function digestInDomain(domain: Domain, structHash: Uint8Array): Uint8Array {
  return keccak256(PREFIX, separatorOf(domain), structHash)
}

/** Hash of an EIP-712 type text. */
export function typeHash(type: string): Uint8Array {
  return keccak256(utf8(type))
}
