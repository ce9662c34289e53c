import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * TCP ports that are free on the loopback interface, all different.
 *
 * They are held together until all are found. Somebody else may take one before it is used; then the process that wanted it
 * says so and ends.
 */
export async function findFreePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  try {
    return await Promise.all(
      servers.map(async (server) => {
        server.listen({ host: '127.0.0.1', port: 0 })
        await once(server, 'listening')
        const address = server.address()
        if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
        return address.port
      }),
    )
  } finally {
    await Promise.all(
      servers.map(async (server) => {
        server.close()
        if (server.listening) await once(server, 'close')
      }),
    )
  }
}
