import { crc32, deflateRawSync } from 'node:zlib'

/** A member of a made-up archive; what is left out is true. */
export type MadeMember = {
  readonly name: string
  readonly content: string | Uint8Array
  readonly isStored?: boolean
  /** Sizes and CRC-32 stand behind the bytes, as streaming packers write them. */
  readonly hasDescriptor?: boolean
  /** Lies in both headers. */
  readonly size?: number
  readonly crc?: number
  readonly method?: number
  readonly flags?: number
  readonly packed?: Uint8Array
  /** Lies in the local header only. */
  readonly local?: { readonly name?: string; readonly size?: number; readonly method?: number; readonly flags?: number }
  /** Bytes before the member that belong to none. */
  readonly before?: Uint8Array
  /** Left out of the central directory. */
  readonly isHidden?: boolean
  /** Stands only in the central directory, which points here. */
  readonly at?: number
}

/** Choices of a whole archive. */
export type MadeArchive = { readonly comment?: string; readonly entryCount?: number; readonly tail?: Uint8Array }

/** An archive as PKWARE's APPNOTE draws it. */
export function zipFile(members: readonly MadeMember[], made: MadeArchive = {}): Uint8Array {
  const parts: Uint8Array[] = []
  const central: Uint8Array[] = []
  let offset = 0
  const push = (part: Uint8Array): void => {
    parts.push(part)
    offset += part.byteLength
  }
  for (const member of members) {
    push(member.before ?? new Uint8Array())
    const header = headerOf(member)
    const start = member.at ?? offset
    if (member.at === undefined) {
      const local = { ...header, ...member.local }
      const bits = local.flags
      push(localHeader(local.name ?? member.name, local, bits))
      push(header.packed)
      if (member.hasDescriptor === true)
        push(fields([0x0807_4b50, 4], [header.crc, 4], [header.packed.byteLength, 4], [header.size, 4]))
    }
    if (member.isHidden !== true) central.push(centralHeader(member.name, header, start))
  }
  const directory = Buffer.concat(central)
  const comment = Buffer.from(made.comment ?? '')
  const count = made.entryCount ?? central.length
  const end = fields(
    [0x0605_4b50, 4],
    [0, 2],
    [0, 2],
    [count, 2],
    [count, 2],
    [directory.byteLength, 4],
    [offset, 4],
    [comment.byteLength, 2],
  )
  return new Uint8Array(Buffer.concat([...parts, directory, end, comment, made.tail ?? new Uint8Array()]))
}

type Header = { name?: string; size: number; crc: number; method: number; flags: number; packed: Uint8Array }

function headerOf(member: MadeMember): Header {
  const content = typeof member.content === 'string' ? Buffer.from(member.content) : member.content
  const packed = member.packed ?? (member.isStored === true ? content : deflateRawSync(content))
  return {
    size: member.size ?? content.byteLength,
    crc: member.crc ?? crc32(content),
    method: member.method ?? (member.isStored === true ? 0 : 8),
    flags: (member.flags ?? 0) | (member.hasDescriptor === true ? 8 : 0),
    packed,
  }
}

function localHeader(name: string, header: Header, flags: number): Uint8Array {
  const isLater = (flags & 8) !== 0
  const sizes = isLater ? [0, 0, 0] : [header.crc, header.packed.byteLength, header.size]
  const head = fields(
    [0x0403_4b50, 4],
    [20, 2],
    [flags, 2],
    [header.method, 2],
    [0, 4],
    ...sizes.map((size) => [size, 4] as const),
    [Buffer.byteLength(name), 2],
    [0, 2],
  )
  return Buffer.concat([head, Buffer.from(name)])
}

function centralHeader(name: string, header: Header, offset: number): Uint8Array {
  const head = fields(
    [0x0201_4b50, 4],
    [20, 2],
    [20, 2],
    [header.flags, 2],
    [header.method, 2],
    [0, 4],
    [header.crc, 4],
    [header.packed.byteLength, 4],
    [header.size, 4],
    [Buffer.byteLength(name), 2],
    [0, 2],
    [0, 2],
    [0, 2],
    [0, 2],
    [0, 4],
    [offset, 4],
  )
  return Buffer.concat([head, Buffer.from(name)])
}

function fields(...list: readonly (readonly [value: number, bytes: 2 | 4])[]): Uint8Array {
  const buffer = Buffer.alloc(list.reduce((total, [, bytes]) => total + bytes, 0))
  let at = 0
  for (const [value, bytes] of list) {
    if (bytes === 2) buffer.writeUInt16LE(value, at)
    else buffer.writeUInt32LE(value, at)
    at += bytes
  }
  return buffer
}
