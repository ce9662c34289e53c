/*
 * One auditor as a process of its own, driven over IPC, so that a test can kill it at any moment.
 */
import * as dagCbor from '@ipld/dag-cbor'
import { pino } from 'pino'
import type { BillEvent, BillStatus, Submission } from '#api'
import { decodeCharter, errorCodeOf } from '#protocol'
import type { ReviewEntry } from '#protocol'
import { Store } from '#storage'
import type { EventRecord, Write } from '#storage'
import { createNode } from '../../node/node.ts'
import type { AuditorNode, NodeInit } from '../../node/node.ts'

/** What the parent says first: everything that an auditor is started with, the charter as its bytes. */
export type ChildInit = Omit<NodeInit, 'log' | 'charter'> & { readonly charter: Uint8Array; readonly logFile?: string }

/** A request of the parent; `id` comes back with the answer. */
export type ChildRequest =
  | { readonly id: number; readonly kind: 'start'; readonly init: ChildInit }
  | { readonly id: number; readonly kind: 'submit'; readonly submission: Submission }
  | { readonly id: number; readonly kind: 'status'; readonly cid: string }
  /** Enters what a person read in a bill under review. */
  | { readonly id: number; readonly kind: 'enter'; readonly cid: string; readonly entry: ReviewEntry }
  /** Die in the `commits`-th commit from now on, before it is written. */
  | { readonly id: number; readonly kind: 'die'; readonly commits: number }
  /** Die in the next commit that tells readers of events of a state, before it is written. */
  | { readonly id: number; readonly kind: 'die-telling'; readonly state: string }
  /** Signs up or closes an account. */
  | { readonly id: number; readonly kind: 'add-account' | 'close-account'; readonly account: string }
  /** Events of an account, from the first on. */
  | { readonly id: number; readonly kind: 'events'; readonly account: string }
  | { readonly id: number; readonly kind: 'add-webhook'; readonly account: string; readonly url: string }
  | { readonly id: number; readonly kind: 'stop' }

/** The answer to a request. */
export type ChildAnswer =
  | {
      readonly id: number
      readonly ok: true
      readonly listen?: readonly string[]
      readonly status?: BillStatus
      readonly events?: readonly BillEvent[]
    }
  | { readonly id: number; readonly ok: false; readonly code: string; readonly message: string }

/** Key space of events. */
const EVENTS = 0xa0

let node: AuditorNode | undefined

async function answer(request: ChildRequest): Promise<Partial<ChildAnswer>> {
  if (request.kind === 'start') {
    const { charter, logFile, ...init } = request.init
    const log = logFile === undefined ? pino({ level: 'silent' }) : pino(pino.destination(logFile))
    node = await createNode({ ...init, charter: decodeCharter(charter), log })
    await node.start()
    return { listen: node.health().listen }
  }
  if (node === undefined) throw new Error('not started')
  if (request.kind === 'submit') {
    return { status: await node.submitBill(request.submission, new AbortController().signal) }
  }
  if (request.kind === 'status') {
    const status = await node.findStatus(request.cid)
    return status === undefined ? {} : { status }
  }
  if (request.kind === 'enter') {
    await node.enterReview(request.cid, request.entry, new AbortController().signal)
    return {}
  }
  if (request.kind === 'add-account') {
    await node.accounts.addAccount({ id: request.account }, { actor: 'operator' })
    return {}
  }
  if (request.kind === 'close-account') {
    await node.accounts.closeAccount(request.account, { actor: 'operator' })
    return {}
  }
  if (request.kind === 'events') {
    return { events: await node.events.list({ account: request.account, all: false }, 0, 10_000) }
  }
  if (request.kind === 'add-webhook') {
    await node.webhooks.add(request.account, { url: request.url, states: [] }, { actor: 'operator' })
    return {}
  }
  if (request.kind === 'die') {
    let left = request.commits
    dieInCommit(() => (left -= 1) === 0)
    return {}
  }
  if (request.kind === 'die-telling') {
    dieInCommit((writes) => writes.some((write) => isEventOf(write, request.state)))
    return {}
  }
  await node.stop()
  return {}
}

function isEventOf(write: Write, state: string): boolean {
  return write.type === 'put' && write.key[0] === EVENTS && dagCbor.decode<EventRecord>(write.value).state === state
}

function dieInCommit(isLast: (writes: readonly Write[]) => boolean): void {
  // Restored nowhere: the process ends with it. Bound again to its store in each call.
  // oxlint-disable-next-line typescript/unbound-method
  const { commit } = Store.prototype
  Store.prototype.commit = async function dying(this: Store, ...args: Parameters<Store['commit']>): Promise<void> {
    if (isLast(args[0])) {
      process.kill(process.pid, 'SIGKILL')
      // Nothing more is written by what runs until the signal arrives.
      await new Promise(() => undefined)
    }
    await commit.apply(this, args)
  }
}

async function serve(request: ChildRequest): Promise<void> {
  const { id } = request
  try {
    process.send?.({ id, ok: true, ...(await answer(request)) })
    // Nothing is left that keeps the process alive.
    if (request.kind === 'stop') process.disconnect()
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    process.send?.({ id, ok: false, code: errorCodeOf(thrown), message })
  }
}

process.on('message', (request: ChildRequest) => void serve(request))
