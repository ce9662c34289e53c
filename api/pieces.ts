/** First room for a body: most are JSON of some hundred bytes. */
const FIRST_BYTES = 1_024

/**
 * Bytes that come in pieces, in one place: a body in pieces of one byte, each kept by itself, takes two hundred times its size.
 */
export class Pieces {
  #room = Buffer.alloc(FIRST_BYTES)
  #size = 0

  get size(): number {
    return this.#size
  }

  add(piece: Uint8Array): void {
    const size = this.#size + piece.byteLength
    if (size > this.#room.byteLength) {
      const room = Buffer.alloc(Math.max(size, 2 * this.#room.byteLength))
      room.set(this.bytes())
      this.#room = room
    }
    this.#room.set(piece, this.#size)
    this.#size = size
  }

  /** All of them, valid until more are added. */
  bytes(): Buffer {
    return this.#room.subarray(0, this.#size)
  }
}
