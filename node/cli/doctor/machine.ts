import { createServer } from 'node:net'
import process from 'node:process'
import { diskText, REMEDIES } from '../../findings.ts'
import { judgeDisk, readDiskSpace } from '../../service/disk.ts'
import { examine } from './diagnosis.ts'
import type { Diagnosis, Found } from './diagnosis.ts'

const OLDEST_NODE = 24

/** The program that runs all this. */
export async function checkRuntime(): Promise<Diagnosis> {
  return examine('node', 'run npx kwitness, which brings its own', () => {
    const major = Number(process.versions.node.split('.')[0])
    if (major < OLDEST_NODE) throw new Error(`Node ${process.version} is older than ${OLDEST_NODE}`)
    return process.version
  })
}

/** Space for bills: judged as by a running node. */
export async function checkDisk(dir: string): Promise<Diagnosis> {
  return examine('disk', REMEDIES.disk, async (): Promise<Found> => {
    const space = await readDiskSpace(dir)
    const state = judgeDisk(space)
    if (state === 'full') throw new Error(`only ${diskText(space)}: a node takes no bills`)
    return state === 'low' ? { warning: `only ${diskText(space)}` } : diskText(space)
  })
}

/** A TCP port that `start` will listen on, and the key that names it. */
export type WantedPort = { readonly key: string; readonly host: string; readonly port: number }

/** Whether nothing else has the ports of a node that does not run. */
export async function checkPorts(ports: readonly WantedPort[]): Promise<Diagnosis> {
  return examine('ports', 'stop what listens there, or choose other ports in config.json', async () => {
    const wanted = ports.filter(({ port }) => port !== 0)
    const taken: string[] = []
    for (const it of wanted) {
      const why = await findTaker(it)
      if (why !== undefined) taken.push(`${it.key} ${it.host}:${it.port}: ${why}`)
    }
    if (taken.length > 0) throw new Error(taken.join('; '))
    return wanted.length === 0 ? 'chosen at start' : wanted.map(({ host, port }) => `${host}:${port}`).join(', ')
  })
}

async function findTaker({ host, port }: WantedPort): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (cause: NodeJS.ErrnoException) => {
      resolve(cause.code === 'EADDRINUSE' ? 'another program listens there' : cause.message)
    })
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}
