import * as asn1 from 'asn1js'
import { createHash, createPublicKey, sign } from 'node:crypto'
import { certificateOf, privateKeyOf } from './keys.ts'
import type { Seal } from './keys.ts'

/** Options of {@link signCms}; the defaults give what a signing product writes today. */
export type CmsOptions = {
  readonly content: Uint8Array
  /** @default 'utility' */
  readonly seal?: Seal
  /** Certificates that come along. @default the seal's, and `below` */
  readonly certificates?: readonly Seal[]
  /** True: the content is not enclosed. @default false */
  readonly isDetached?: boolean
  /** @default 'sha256' */
  readonly digest?: 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512'
  /** False: the signature is over the content itself. @default true */
  readonly hasSignedAttributes?: boolean
  /** Certificate that the signer signs to be its own. @default `seal` */
  readonly ess?: Seal | 'none'
  /** Bytes that the message digest is of, when it is to be wrong. */
  readonly digestOf?: Uint8Array
  /** Signed content type, when it is to be another one than the enclosed. */
  readonly signedType?: string
  /** Attributes that are signed beside the usual ones. */
  readonly more?: readonly asn1.Sequence[]
  /** Time-stamp token over the signature, made by {@link stampTime}. */
  readonly stamp?: (signature: Uint8Array) => Uint8Array
  /** Content type. @default id-data */
  readonly type?: string
  /** Name of the signature algorithm, when it is not that of the key. */
  readonly algorithm?: string
  /** PSS instead of PKCS #1 v1.5. @default false */
  readonly isPss?: boolean
  /** The signer is named by its key identifier. @default false */
  readonly byKeyId?: boolean
  /** Signers, when there are several, each with the options above. */
  readonly seals?: readonly Seal[]
}

const ID_DATA = '1.2.840.113549.1.7.1'
const HASH_IDS = {
  md5: '1.2.840.113549.2.5',
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
} as const

/** DER of a CMS SignedData, written element by element so that each may be made wrong. */
export function signCms(options: CmsOptions): Uint8Array {
  const seals = options.seals ?? [options.seal ?? 'utility']
  const digest = options.digest ?? 'sha256'
  const enclosed = options.isDetached ? [] : [tagged(0, [new asn1.OctetString({ valueHex: buffer(options.content) })])]
  const signedData = sequence(
    new asn1.Integer({ value: 1 }),
    new asn1.Set({ value: [algorithm(HASH_IDS[digest], true)] }),
    sequence(oid(options.type ?? ID_DATA), ...enclosed),
    tagged(
      0,
      (options.certificates ?? [...seals, 'below' as const]).map((name) => parse(certificateOf(name))),
    ),
    new asn1.Set({ value: seals.map((seal) => signerInfo({ ...options, seal, digest })) }),
  )
  return bytes(sequence(oid('1.2.840.113549.1.7.2'), tagged(0, [signedData])))
}

/** RFC 3161 token over bytes, as a `stamp` of {@link signCms}. */
export function stampTime(time: string, options: Partial<CmsOptions> & { readonly imprintOf?: Uint8Array } = {}) {
  return (signature: Uint8Array): Uint8Array => {
    const imprint = createHash('sha256')
      .update(options.imprintOf ?? signature)
      .digest()
    const info = sequence(
      new asn1.Integer({ value: 1 }),
      oid('1.2.3.4.1'),
      sequence(algorithm(HASH_IDS.sha256, true), new asn1.OctetString({ valueHex: buffer(imprint) })),
      new asn1.Integer({ value: 7 }),
      new asn1.Primitive({
        idBlock: { tagClass: 1, tagNumber: 24 },
        valueHex: buffer(new TextEncoder().encode(time)),
      }),
    )
    const seal = options.seal ?? 'stamper'
    return signCms({
      certificates: [seal, 'root'],
      type: '1.2.840.113549.1.9.16.1.4',
      ...options,
      seal,
      content: bytes(info),
    })
  }
}

function signerInfo(options: CmsOptions & { seal: Seal; digest: keyof typeof HASH_IDS }): asn1.Sequence {
  const { seal, digest, content } = options
  const attributes = options.hasSignedAttributes === false ? undefined : signedAttributes(options)
  const signed = attributes === undefined ? content : bytes(new asn1.Set({ value: attributes }))
  const { signature, id } = signBytes(seal, digest, signed, options.isPss === true)
  const token = options.stamp?.(signature)
  const [, serial, , issuer] = fieldsOf(certificateOf(seal))
  const signerId = options.byKeyId
    ? new asn1.Primitive({ idBlock: { tagClass: 3, tagNumber: 0 }, valueHex: buffer(keyIdOf(seal)) })
    : sequence(issuer as asn1.BaseBlock, serial as asn1.BaseBlock)
  return sequence(
    new asn1.Integer({ value: options.byKeyId ? 3 : 1 }),
    signerId,
    algorithm(HASH_IDS[digest], true),
    ...(attributes === undefined ? [] : [tagged(0, attributes)]),
    options.algorithm === undefined ? id : algorithm(options.algorithm),
    new asn1.OctetString({ valueHex: buffer(signature) }),
    ...(token === undefined ? [] : [tagged(1, [attribute('1.2.840.113549.1.9.16.2.14', parse(token))])]),
  )
}

function signedAttributes(options: CmsOptions & { seal: Seal; digest: keyof typeof HASH_IDS }): asn1.Sequence[] {
  const { digest, content, digestOf, ess = options.seal } = options
  const hash = createHash(digest)
    .update(digestOf ?? content)
    .digest()
  const all = [
    attribute('1.2.840.113549.1.9.3', oid(options.signedType ?? options.type ?? ID_DATA)),
    attribute('1.2.840.113549.1.9.4', new asn1.OctetString({ valueHex: buffer(hash) })),
    ...(ess === 'none' ? [] : [essAttribute(ess)]),
    ...(options.more ?? []),
  ]
  // DER: a SET OF is in the order of its encoded elements (X.690 section 11.6).
  return all.toSorted((a, b) => Buffer.compare(bytes(a), bytes(b)))
}

/** ESS signing-certificate-v2 with SHA-256, the default (RFC 5035). */
export function essAttribute(seal: Seal): asn1.Sequence {
  const hash = createHash('sha256').update(certificateOf(seal)).digest()
  return attribute(
    '1.2.840.113549.1.9.16.2.47',
    sequence(sequence(sequence(new asn1.OctetString({ valueHex: buffer(hash) })))),
  )
}

/** ESS signing-certificate of RFC 2634, with SHA-1. */
export function oldEssAttribute(seal: Seal): asn1.Sequence {
  const hash = createHash('sha1').update(certificateOf(seal)).digest()
  return attribute(
    '1.2.840.113549.1.9.16.2.12',
    sequence(sequence(sequence(new asn1.OctetString({ valueHex: buffer(hash) })))),
  )
}

/** An attribute with one value. */
function attribute(type: string, value: asn1.BaseBlock): asn1.Sequence {
  return sequence(oid(type), new asn1.Set({ value: [value] }))
}

function signBytes(
  seal: Seal,
  digest: keyof typeof HASH_IDS,
  signed: Uint8Array,
  isPss: boolean,
): { signature: Uint8Array; id: asn1.Sequence } {
  const key = privateKeyOf(seal)
  if (key.asymmetricKeyType === 'ed25519') return { signature: sign(null, signed, key), id: algorithm('1.3.101.112') }
  if (key.asymmetricKeyType === 'ec') {
    const ids = { sha256: '1.2.840.10045.4.3.2', sha384: '1.2.840.10045.4.3.3', sha512: '1.2.840.10045.4.3.4' } as const
    const id = ids[digest as keyof typeof ids] ?? '1.2.840.10045.4.1'
    return { signature: sign(digest, signed, key), id: algorithm(id) }
  }
  if (!isPss) return { signature: sign(digest, signed, key), id: algorithm('1.2.840.113549.1.1.1', true) }
  const hash = algorithm(HASH_IDS[digest], true)
  const parameters = sequence(
    tagged(0, [hash]),
    tagged(1, [sequence(oid('1.2.840.113549.1.1.8'), hash)]),
    tagged(2, [new asn1.Integer({ value: 32 })]),
  )
  const signature = sign(digest, signed, { key, padding: 6, saltLength: 32 })
  return { signature, id: sequence(oid('1.2.840.113549.1.1.10'), parameters) }
}

function keyIdOf(seal: Seal): Uint8Array {
  const spki = createPublicKey(privateKeyOf(seal)).export({ type: 'spki', format: 'der' })
  const bits = (parse(spki) as asn1.Sequence).valueBlock.value[1] as asn1.BitString
  return createHash('sha1').update(bits.valueBlock.valueHexView).digest()
}

function fieldsOf(certificate: Uint8Array): readonly asn1.BaseBlock[] {
  return ((parse(certificate) as asn1.Sequence).valueBlock.value[0] as asn1.Sequence).valueBlock.value
}

function sequence(...value: asn1.BaseBlock[]): asn1.Sequence {
  return new asn1.Sequence({ value })
}

function oid(value: string): asn1.ObjectIdentifier {
  return new asn1.ObjectIdentifier({ value })
}

function algorithm(id: string, hasNull = false): asn1.Sequence {
  return sequence(oid(id), ...(hasNull ? [new asn1.Null()] : []))
}

function tagged(tagNumber: number, value: asn1.BaseBlock[]): asn1.Constructed {
  return new asn1.Constructed({ idBlock: { tagClass: 3, tagNumber }, value })
}

function parse(der: Uint8Array): asn1.BaseBlock {
  return asn1.fromBER(buffer(der)).result
}

function bytes(block: asn1.BaseBlock): Uint8Array {
  return new Uint8Array(block.toBER())
}

function buffer(view: Uint8Array): ArrayBuffer {
  return new Uint8Array(view).buffer
}
