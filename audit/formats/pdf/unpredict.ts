import { divideFloor } from '#protocol'
import { review } from '../refusal.ts'
import { placeOf } from './frame.ts'

/** How rows of a packed stream were written as differences (ISO 32000-1 section 7.4.4.4). */
export type Prediction = { readonly rowBytes: number; readonly pixelBytes: number }

/**
 * Bytes of a stream whose rows are PNG predictions: what pdf.js reads is counted and searched, not what is packed.
 *
 * @throws {Refusal} ERR_BILL_CONTAINER (review) for a kind of row that PNG does not have.
 */
export function unpredict(packed: Uint8Array, { rowBytes, pixelBytes }: Prediction, place: number): Uint8Array {
  const rows = divideFloor(packed.byteLength + rowBytes, rowBytes + 1)
  const found = new Uint8Array(packed.byteLength - rows)
  for (let row = 0; row < rows; row += 1) {
    const kind = packed[row * (rowBytes + 1)] ?? 0
    if (kind > 4) throw review('ERR_BILL_CONTAINER', 'rows of a stream are packed as PNG has none', placeOf(place))
    const from = row * (rowBytes + 1) + 1
    const start = row * rowBytes
    const end = Math.min(start + rowBytes, found.byteLength)
    for (let at = start; at < end; at += 1) {
      const left = at - pixelBytes >= start ? (found[at - pixelBytes] ?? 0) : 0
      const up = found[at - rowBytes] ?? 0
      const corner = at - pixelBytes >= start ? (found[at - pixelBytes - rowBytes] ?? 0) : 0
      found[at] = (packed[from + at - start] ?? 0) + predict(kind, left, up, corner)
    }
  }
  return found
}

function predict(kind: number, left: number, up: number, corner: number): number {
  if (kind === 0) return 0
  if (kind === 1) return left
  if (kind === 2) return up
  if (kind === 3) return (left + up) >> 1
  const sum = left + up - corner
  const [toLeft, toUp, toCorner] = [Math.abs(sum - left), Math.abs(sum - up), Math.abs(sum - corner)]
  if (toLeft <= toUp && toLeft <= toCorner) return left
  return toUp <= toCorner ? up : corner
}
