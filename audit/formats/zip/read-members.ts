import { crc32, inflateRawSync } from 'node:zlib'
import { fromBufferPromise } from 'yauzl'
import type { Entry, LocalFileHeader, ZipFile } from 'yauzl'
import { EXTRACTION_LIMITS } from '../limits.ts'
import { orderTexts } from '../order-texts.ts'
import { Refusal, rejection } from '../refusal.ts'

/** One file of an archive, unpacked and checked. */
export type ZipMember = { readonly name: string; readonly bytes: Uint8Array }

/** Entry of the central directory with the header that stands before its bytes. */
type Located = { readonly entry: Entry; readonly local: LocalFileHeader }

const STORED = 0
const DEFLATED = 8
const FLAG_ENCRYPTED = 0x01
const FLAG_DESCRIPTOR = 0x08
/** Lengths of a data descriptor: with and without signature, of 32 and 64 bits (APPNOTE 4.3.9). */
const DESCRIPTOR_BYTES: ReadonlySet<number> = new Set([12, 16, 20, 24])
const CENTRAL_SIGNATURE = [0x50, 0x4b, 0x01, 0x02] as const
/** Small members may be as repetitive as they like. */
const RATIO_FREE_BYTES = 1024 * 1024
/** What file managers leave in archives: never a bill, and never looked at. */
const LITTER = /^(?:__MACOSX\/|(?:.*\/)?(?:\.DS_Store|Thumbs\.db|desktop\.ini)$)/
const MAX_QUOTED_CHARS = 120

/**
 * Files of a ZIP archive (PKWARE APPNOTE 6.3), ordered by name.
 *
 * The central directory decides, and everything before it must be one of its members: readers that go by the local
 * headers see the same files. Sizes and CRC-32 are checked; nothing is unpacked beyond its stated size.
 *
 * @throws {Refusal} ERR_BILL_CONTAINER, ERR_BILL_TOO_LARGE, with the name of the member as path.
 */
export async function readMembers(bytes: Uint8Array): Promise<ZipMember[]> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const located = await readDirectory(buffer)
  checkNames(located)
  checkSizes(located)
  checkLayout(located, buffer)
  return located
    .filter(({ entry }) => !entry.fileName.endsWith('/') && !LITTER.test(entry.fileName))
    .map((one) => ({ name: one.entry.fileName, bytes: unpack(one, buffer) }))
    .toSorted((a, b) => orderTexts(a.name, b.name))
}

/** Name of a member as reasons and sources show it. */
export function quoteName(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?').slice(0, MAX_QUOTED_CHARS)
}

async function readDirectory(buffer: Buffer): Promise<Located[]> {
  try {
    // Names are validated by the library: no absolute path, no `..`, no backslash.
    const zip = await fromBufferPromise(buffer, { strictFileNames: true, validateEntrySizes: true })
    if (zip.entryCount > EXTRACTION_LIMITS.zipMembers) {
      throw rejection('ERR_BILL_TOO_LARGE', `archive has ${zip.entryCount} members`, { path: 'central directory' })
    }
    return await readEntries(zip)
  } catch (thrown) {
    if (thrown instanceof Refusal || !(thrown instanceof Error)) throw thrown
    const message = `archive is damaged: ${quoteName(thrown.message)}`
    throw rejection('ERR_BILL_CONTAINER', message, { path: 'central directory' })
  }
}

async function readEntries(zip: ZipFile): Promise<Located[]> {
  const located: Located[] = []
  for await (const entry of zip.eachEntry()) {
    located.push({ entry, local: await zip.readLocalFileHeaderPromise(entry, {}) })
  }
  return located
}

function checkNames(located: readonly Located[]): void {
  const names = new Set<string>()
  for (const { entry, local } of located) {
    const { fileName } = entry
    if (names.has(fileName)) throw refuseMember(fileName, 'two members have this name')
    names.add(fileName)
    if (!local.fileName.equals(entry.fileNameRaw)) throw refuseMember(fileName, 'member has two names')
  }
}

function checkSizes(located: readonly Located[]): void {
  let total = 0
  for (const { entry, local } of located) {
    const { fileName, uncompressedSize, compressedSize, compressionMethod } = entry
    if (entry.isEncrypted()) throw refuseMember(fileName, 'member is encrypted')
    if (compressionMethod !== STORED && compressionMethod !== DEFLATED) {
      throw refuseMember(fileName, `compression method ${compressionMethod} is neither stored nor deflated`)
    }
    if (local.compressionMethod !== compressionMethod || isOtherwisePacked(local, entry)) {
      throw refuseMember(fileName, 'local header and central directory contradict each other')
    }
    const hasSizes = (local.generalPurposeBitFlag & FLAG_DESCRIPTOR) === 0 && local.uncompressedSize !== 0xffff_ffff
    if (hasSizes && (local.uncompressedSize !== uncompressedSize || local.compressedSize !== compressedSize)) {
      throw refuseMember(fileName, 'local header and central directory state different sizes')
    }
    if (fileName.endsWith('/') && uncompressedSize > 0) throw refuseMember(fileName, 'folder has bytes')
    total += uncompressedSize
    const isBomb = uncompressedSize > RATIO_FREE_BYTES && uncompressedSize > compressedSize * EXTRACTION_LIMITS.zipRatio
    if (uncompressedSize > EXTRACTION_LIMITS.fileBytes || total > EXTRACTION_LIMITS.zipBytes || isBomb) {
      const message = `member would unpack from ${compressedSize} to ${uncompressedSize} bytes`
      throw rejection('ERR_BILL_TOO_LARGE', message, { path: quoteName(fileName) })
    }
  }
}

/** True if the two headers differ in encryption or in where the sizes stand. */
function isOtherwisePacked(local: LocalFileHeader, entry: Entry): boolean {
  return ((local.generalPurposeBitFlag ^ entry.generalPurposeBitFlag) & (FLAG_ENCRYPTED | FLAG_DESCRIPTOR)) !== 0
}

/** Members stand behind each other from the first byte to the central directory: nothing overlaps, nothing is hidden. */
function checkLayout(located: readonly Located[], buffer: Buffer): void {
  const ordered = located.toSorted((a, b) => a.entry.relativeOffsetOfLocalHeader - b.entry.relativeOffsetOfLocalHeader)
  let end = 0
  let isGapAllowed = false
  for (const { entry, local } of ordered) {
    const gap = entry.relativeOffsetOfLocalHeader - end
    if (gap !== 0 && !(isGapAllowed && DESCRIPTOR_BYTES.has(gap))) {
      throw refuseMember(
        entry.fileName,
        gap < 0 ? 'member overlaps another one' : 'bytes before the member belong to none',
      )
    }
    end = local.fileDataStart + entry.compressedSize
    isGapAllowed = (entry.generalPurposeBitFlag & FLAG_DESCRIPTOR) !== 0
  }
  const ends = isGapAllowed ? [0, ...DESCRIPTOR_BYTES].map((gap) => end + gap) : [end]
  const isComplete = ends.some((at) => CENTRAL_SIGNATURE.every((byte, index) => buffer[at + index] === byte))
  if (located.length > 0 && !isComplete) {
    throw refuseMember(ordered.at(-1)?.entry.fileName ?? '', 'bytes behind the member belong to none')
  }
}

function unpack({ entry, local }: Located, buffer: Buffer): Uint8Array {
  const packed = buffer.subarray(local.fileDataStart, local.fileDataStart + entry.compressedSize)
  if (packed.byteLength !== entry.compressedSize) throw refuseMember(entry.fileName, 'member is cut off')
  const bytes = entry.compressionMethod === STORED ? packed : inflate(packed, entry)
  if (bytes.byteLength !== entry.uncompressedSize) throw refuseMember(entry.fileName, 'member lies about its size')
  if (crc32(bytes) !== entry.crc32) throw refuseMember(entry.fileName, 'CRC-32 of the member is wrong')
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function inflate(packed: Buffer, entry: Entry): Buffer {
  try {
    // `info` is missing in the types; it tells how many bytes the stream really has.
    const options = { maxOutputLength: Math.max(1, entry.uncompressedSize), info: true }
    const { buffer, engine } = inflateRawSync(packed, options) as unknown as {
      buffer: Buffer
      engine: { bytesWritten: number }
    }
    if (engine.bytesWritten === packed.byteLength) return buffer
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown
    const isLonger = 'code' in thrown && thrown.code === 'ERR_BUFFER_TOO_LARGE'
    throw refuseMember(entry.fileName, isLonger ? 'member lies about its size' : 'member cannot be unpacked')
  }
  throw refuseMember(entry.fileName, 'bytes follow the end of the member')
}

function refuseMember(name: string, message: string): Refusal {
  return rejection('ERR_BILL_CONTAINER', message, { path: quoteName(name) })
}
