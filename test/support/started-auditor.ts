import { join } from 'node:path'
import { createDataDir } from '../../node/data-dir.ts'
import { findFreePort } from './auditor-process.ts'
import { startKwitness } from './kwitness.ts'
import type { Ended, Running } from './kwitness.ts'
import type { LiveRegion } from './live-region.ts'

/** One auditor of a live region as `kwitness start` runs it: its own data directory, process and ports. */
export class StartedAuditor {
  readonly dir: string
  readonly url: string
  readonly operatorUrl: string
  /** Key with every scope, of the account `operator`. */
  readonly adminKey: string
  #running: Running | undefined

  private constructor(dir: string, ports: readonly [number, number], adminKey: string) {
    this.dir = dir
    this.url = `http://127.0.0.1:${ports[0]}`
    this.operatorUrl = `http://127.0.0.1:${ports[1]}`
    this.adminKey = adminKey
  }

  /** Makes the data directory of an auditor; `start` runs it. @param config above the rest. */
  static async create(
    region: LiveRegion,
    position: number,
    folder: string,
    config: { readonly api?: object; readonly [section: string]: object | undefined } = {},
  ): Promise<StartedAuditor> {
    const dir = join(folder, 'auditor')
    const ports = [await findFreePort(), await findFreePort()] as const
    const { privateKey, payerKey, regionSecret, archiveKeys, bootstrap, chain } = region.nodeInit(position)
    const { apiKey } = await createDataDir({
      dir,
      privateKey,
      ...(payerKey === undefined ? {} : { payerKey }),
      cost: 'light',
      account: 'operator',
      createdAt: new Date().toISOString(),
      network: {
        charter: region.charter,
        region: 'north-america',
        regionKeys: { region: 'north-america', pointSecret: regionSecret, archiveKeys },
        preset: 'devnet',
        config: {
          network: { listen: [`/ip4/127.0.0.1/tcp/${await findFreePort()}`], bootstrap: [...bootstrap] },
          chain: { rpcUrl: chain.rpcUrl },
          operator: { port: ports[1] },
          ...config,
          api: { port: ports[0], requestsPerMinuteKey: 100_000, requestsPerMinuteAddress: 100_000, ...config.api },
        },
      },
    })
    return new StartedAuditor(dir, ports, apiKey ?? '')
  }

  /** True while it answers. */
  get isUp(): boolean {
    return this.#running !== undefined
  }

  async start(): Promise<void> {
    const running = startKwitness(['start', '--dir', this.dir, '--json'])
    await running.saw('"operator":"http')
    this.#running = running
  }

  /** Ends it in order, or as a power cut would. @returns all that it wrote. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<Ended | undefined> {
    const running = this.#running
    this.#running = undefined
    running?.child.kill(signal)
    return running?.ended
  }

  /** Asks the operator's listener for something that is made. */
  async post<T>(path: string, body: object): Promise<T> {
    const response = await fetch(`${this.operatorUrl}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`)
    return JSON.parse(text) as T
  }
}
