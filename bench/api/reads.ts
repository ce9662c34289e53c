import { connect } from 'node:net'
import { nowMs } from '../mesh/region.ts'

/** What is read. */
export type ReadsInit = {
  readonly url: string
  /** Paths that are read in turn. */
  readonly paths: readonly string[]
  /** Header lines beside `host`. */
  readonly headers?: readonly string[]
  readonly connections: number
  readonly durationMs: number
}

/** Answers per second, and the time of one. */
export type Reads = { readonly readsPerS: number; readonly tookMs: readonly number[] }

/**
 * Reads over some connections that stay open, one request after another on each. The client is as small as it can be, since
 * it runs on the processors of the node that it measures: heads are written once, of an answer only status and length are read.
 *
 * @throws {Error} on an answer that is not 200.
 */
export async function readForAWhile(init: ReadsInit): Promise<Reads> {
  const { hostname, port, host } = new URL(init.url)
  const heads = init.paths.map((path) =>
    Buffer.from([`GET ${path} HTTP/1.1`, `host: ${host}`, ...(init.headers ?? []), '', ''].join('\r\n')),
  )
  const tookMs: number[] = []
  const begunMs = nowMs()
  const endMs = begunMs + init.durationMs
  const one = async (first: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname)
      socket.setNoDelay()
      let next = first
      let sentMs = 0
      let left = -1
      let head: Buffer = Buffer.alloc(0)
      const send = (): void => {
        sentMs = nowMs()
        if (sentMs >= endMs) {
          socket.end()
          resolve()
          return
        }
        const request = heads[next % heads.length]
        next += 1
        if (request !== undefined) socket.write(request)
      }
      socket.on('connect', send)
      socket.on('error', reject)
      socket.on('data', (chunk: Buffer) => {
        let rest = chunk
        if (left < 0) {
          head = head.length === 0 ? chunk : Buffer.concat([head, chunk])
          const end = head.indexOf('\r\n\r\n')
          if (end < 0) return
          const text = head.toString('latin1', 0, end)
          const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1]
          if (!text.startsWith('HTTP/1.1 200') || length === undefined) {
            reject(new Error(`unexpected answer: ${text.slice(0, 200)}`))
            socket.destroy()
            return
          }
          left = Number(length)
          rest = head.subarray(end + 4)
          head = Buffer.alloc(0)
        }
        left -= rest.length
        if (left > 0) return
        left = -1
        tookMs.push(nowMs() - sentMs)
        send()
      })
    })
  await Promise.all(Array.from({ length: init.connections }, async (_, index) => one(index)))
  return {
    readsPerS: (tookMs.length * 1_000) / (nowMs() - begunMs),
    tookMs: tookMs.toSorted((a, b) => a - b),
  }
}
