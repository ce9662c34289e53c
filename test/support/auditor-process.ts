import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { BillEvent, BillStatus, NodeView, Submission } from '#api'
import { encodeCharter } from '#protocol'
import type { ReviewEntry } from '#protocol'
import type { NodeInit } from '../../node/node.ts'
import type { ChildAnswer, ChildRequest } from './auditor-child.ts'

type Answered = Extract<ChildAnswer, { ok: true }>
type Unsent<T> = T extends { readonly id: number } ? Omit<T, 'id'> : never

/** A port of the loopback interface that is free now. */
export async function findFreePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** An auditor in a process of its own. Requests that it does not live to answer are rejected. */
export class AuditorProcess implements Pick<NodeView, 'submitBill' | 'findStatus'> {
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  readonly #open = new Map<number, { resolve: (answer: Answered) => void; reject: (error: Error) => void }>()
  #lastId = 0
  /** Its multiaddrs. */
  listen: readonly string[] = []

  private constructor() {
    this.#child = fork(new URL('./auditor-child.ts', import.meta.url), {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#exited = once(this.#child, 'exit')
    this.#child.on('message', (answer: ChildAnswer) => {
      const waiting = this.#open.get(answer.id)
      this.#open.delete(answer.id)
      if (answer.ok) waiting?.resolve(answer)
      else waiting?.reject(Object.assign(new Error(answer.message), { code: answer.code }))
    })
    this.#child.on('exit', () => {
      for (const { reject } of this.#open.values()) reject(new Error('the auditor is gone'))
      this.#open.clear()
    })
  }

  /** Starts an auditor and waits until it takes part. */
  static async start(init: NodeInit, logFile?: string): Promise<AuditorProcess> {
    const auditor = new AuditorProcess()
    const { log: _log, charter, ...rest } = init
    const childInit = { ...rest, charter: encodeCharter(charter), ...(logFile === undefined ? {} : { logFile }) }
    const { listen } = await auditor.#ask({ kind: 'start', init: childInit })
    auditor.listen = listen ?? []
    return auditor
  }

  async #ask(request: Unsent<ChildRequest>): Promise<Answered> {
    const id = (this.#lastId += 1)
    return new Promise((resolve, reject) => {
      if (!this.#child.connected) {
        reject(new Error('the auditor is gone'))
        return
      }
      this.#open.set(id, { resolve, reject })
      this.#child.send({ id, ...request }, (error) => {
        if (error === null) return
        this.#open.delete(id)
        reject(error)
      })
    })
  }

  async submitBill(submission: Submission): Promise<BillStatus> {
    const { status } = await this.#ask({ kind: 'submit', submission })
    if (status === undefined) throw new Error('no status')
    return status
  }

  async findStatus(cid: string): Promise<BillStatus | undefined> {
    return (await this.#ask({ kind: 'status', cid })).status
  }

  /** Enters what a person read in a bill under review. */
  async enterReview(cid: string, entry: ReviewEntry): Promise<void> {
    await this.#ask({ kind: 'enter', cid, entry })
  }

  /** Signs up an account at it. */
  async addAccount(account: string): Promise<void> {
    await this.#ask({ kind: 'add-account', account })
  }

  /** Closes an account at it. */
  async closeAccount(account: string): Promise<void> {
    await this.#ask({ kind: 'close-account', account })
  }

  /** Events that it told an account. */
  async listEvents(account: string): Promise<readonly BillEvent[]> {
    return (await this.#ask({ kind: 'events', account })).events ?? []
  }

  /** Posts an account's events to a URL. */
  async addWebhook(account: string, url: string): Promise<void> {
    await this.#ask({ kind: 'add-webhook', account, url })
  }

  /** True when its process has ended. */
  get isGone(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Makes it die in its `commits`-th commit from now on, before anything of that is written. */
  async dieInCommit(commits: number): Promise<void> {
    await this.#ask({ kind: 'die', commits })
  }

  /** Makes it die in the next commit that tells readers of events of a state, before anything of that is written. */
  async dieTelling(state: string): Promise<void> {
    await this.#ask({ kind: 'die-telling', state })
  }

  /** Ends it as a power cut would: nothing of it runs any more when this returns. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    if (this.#child.connected) await this.#ask({ kind: 'stop' })
    await this.#exited
  }
}
