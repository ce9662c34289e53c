import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { equalBytes, hashAnchorStruct, keccak256, toHex, utf8 } from '#protocol'
import type { Anchor, Domain } from '#protocol'
import { startAnvil } from '../../node/chain/anvil.ts'
import type { Anvil } from '../../node/chain/anvil.ts'
import { AnchorWatcher } from '../../node/chain/anchor-watcher.ts'
import type { AnchorListener, AnchorWatcherInit, SeenAnchor, WatchState } from '../../node/chain/anchor-watcher.ts'
import type { Receipt } from '../../node/chain/chain-shapes.ts'
import type { PendingAnchor, WatchCursor } from '../../node/chain/watch-cursor.ts'
import { AnvilAccount, anchorInput, deployFor, makeAnchor, makeCommittee, signAnchor } from './chain-fixture.ts'
import { RpcProxy } from './chain-proxy.ts'

const NA = 'north-america'
const EU = 'europe'

/** Listens, keeps the cursor, and lets a test wait for what is told. */
class Diary implements AnchorListener {
  /** `anchored 1`, `final 1`, ...; the region too when it is not the usual one. */
  readonly told: string[] = []
  readonly seen: SeenAnchor[] = []
  readonly states: WatchState[] = []
  cursor: WatchCursor | undefined
  readonly #news = new EventEmitter()
  /** Thrown by the next call to the listener. */
  failNext: Error | undefined

  readonly cursors = {
    load: (): Promise<WatchCursor | undefined> => Promise.resolve(this.cursor),
    save: (cursor: WatchCursor): Promise<void> => {
      this.cursor = cursor
      this.#news.emit('news')
      return Promise.resolve()
    },
  }

  readonly onState = (state: WatchState): void => {
    this.states.push(state)
    this.#news.emit('news')
  }

  async onAnchored(seen: SeenAnchor): Promise<void> {
    this.#note('anchored', seen)
    this.seen.push(seen)
  }

  async onFinal(anchor: PendingAnchor): Promise<void> {
    this.#note('final', anchor)
  }

  async onReorged(anchor: PendingAnchor): Promise<void> {
    this.#note('reorged', anchor)
  }

  #note(what: string, { region, seq }: { readonly region: string; readonly seq: number }): void {
    const failure = this.failNext
    if (failure !== undefined) {
      this.failNext = undefined
      throw failure
    }
    this.told.push(`${what} ${region === NA ? '' : `${region} `}${seq}`)
    this.#news.emit('news')
  }

  /** Waits until a condition holds. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(this.#news, 'news')
  }

  /** Waits until exactly this has been told, one after another. */
  async expect(...lines: readonly string[]): Promise<void> {
    await this.until(() => this.told.length >= lines.length)
    assert.deepEqual(this.told, lines)
  }

  /** Waits for a look that begins after now and finds the endpoint well. */
  async look(): Promise<void> {
    // Two: the first may be of a look that was under way.
    for (let i = 0; i < 2; i += 1) {
      const before = this.states.length
      await this.until(() => this.states.slice(before).some((state) => state.state === 'following'))
    }
  }
}

describe('AnchorWatcher on a real chain', () => {
  const four = makeCommittee(NA, 4)
  const others = makeCommittee(EU, 4)
  let anvil: Anvil
  let account: AnvilAccount
  let domain: Domain
  let proxy: RpcProxy
  let diary: Diary
  let watchers: AnchorWatcher[]

  beforeEach(async () => {
    anvil = await startAnvil({ blockTimeS: 0 })
    account = new AnvilAccount(anvil)
    domain = await deployFor(anvil, { [NA]: four, [EU]: others })
    proxy = await RpcProxy.open(anvil.rpcUrl)
    diary = new Diary()
    watchers = []
  })
  afterEach(async () => {
    for (const watcher of watchers) await watcher.stop()
    await proxy.close()
    await anvil.stop()
  })

  const watch = async (changes: Partial<AnchorWatcherInit> = {}): Promise<AnchorWatcher> => {
    const { cursors, onState } = diary
    const init = { rpcUrl: proxy.url, domain, cursors, listener: diary, onState, pollMs: 10, ...changes }
    const watcher = new AnchorWatcher(init)
    watchers.push(watcher)
    await watcher.start()
    return watcher
  }
  const send = async (anchor: Anchor, in_ = domain): Promise<Receipt> => {
    const auditors = anchor.region === NA ? four : others
    const receipt = await account.send(in_.registry, anchorInput(in_, anchor, signAnchor(in_, anchor, auditors)))
    assert.equal(receipt.status, 1)
    return receipt
  }
  const mine = (blocks: number): Promise<unknown> => account.rpc.request('anvil_mine', [`0x${blocks.toString(16)}`])
  /** Replaces the newest blocks by as many empty ones. */
  const reorg = (depth: number): Promise<unknown> => account.rpc.request('anvil_reorg', [depth, []])

  it('tells an anchor with its place and gas, and when it is final', async () => {
    await watch()
    const first = makeAnchor(NA)
    const receipt = await send(first)
    await diary.expect('anchored 1')
    const seen = diary.seen[0]
    assert.ok(seen !== undefined)
    assert.deepEqual(
      [seen.blockNumber, toHex(seen.blockHash), toHex(seen.txHash), seen.gasUsed],
      [receipt.blockNumber, toHex(receipt.blockHash), toHex(receipt.transactionHash), receipt.gasUsed],
    )
    assert.ok(equalBytes(seen.anchorHash, hashAnchorStruct(first)))
    assert.deepEqual(seen.signatures, signAnchor(domain, first, four))
    assert.deepEqual(
      [seen.region, seen.epoch, seen.seq, seen.claims, seen.gramsLocation, seen.gramsMarket],
      [first.region, first.epoch, first.seq, first.claims, first.gramsLocation, first.gramsMarket],
    )
    await mine(1)
    await diary.look()
    assert.deepEqual(diary.told, ['anchored 1'])
    await mine(1)
    await diary.expect('anchored 1', 'final 1')
    await mine(5)
    await diary.look()
    assert.deepEqual(diary.told, ['anchored 1', 'final 1'])
  })

  it('follows one region when told so, else all', async () => {
    await watch({ region: EU })
    await send(makeAnchor(NA))
    await send(makeAnchor(EU))
    await diary.expect('anchored europe 1')
    await watchers[0]?.stop()
    diary = new Diary()
    await watch()
    await diary.expect('anchored 1', 'anchored europe 1')
  })

  it('ignores the same event of a foreign contract, also from an endpoint that does not filter', async () => {
    const foreign = await deployFor(anvil, { [NA]: four, [EU]: others }, keccak256(utf8('foreign')))
    proxy.override = async ({ method, params }) => {
      if (method !== 'eth_getLogs') return undefined
      const { address: _, ...rest } = params[0] as { readonly address: string }
      return { result: await account.rpc.request(method, [rest]) }
    }
    await watch()
    await send(makeAnchor(NA), foreign)
    await mine(3)
    await diary.look()
    assert.deepEqual(diary.told, [])
    await send(makeAnchor(NA))
    await diary.expect('anchored 1')
  })

  it('tells that a block with an anchor was replaced, and the anchor again when it is back', async () => {
    await watch()
    const first = makeAnchor(NA)
    await send(first)
    const second = makeAnchor(NA, first)
    await send(second)
    await diary.expect('anchored 1', 'anchored 2')
    await reorg(2)
    await diary.expect('anchored 1', 'anchored 2', 'reorged 2', 'reorged 1')
    await send(first)
    await diary.until(() => diary.told.length === 5)
    await mine(2)
    await diary.expect('anchored 1', 'anchored 2', 'reorged 2', 'reorged 1', 'anchored 1', 'final 1')
    assert.notDeepEqual(diary.seen[2]?.blockHash, diary.seen[0]?.blockHash)
  })

  it('tells the loss before the replacement when both happen between two looks', async () => {
    await watch()
    const first = makeAnchor(NA)
    const snapshot = await account.rpc.request('evm_snapshot', [])
    await send(first)
    await diary.expect('anchored 1')
    // The endpoint shows the new block in its logs only: as if the chain moved between two answers of one look.
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    proxy.override = async ({ method }) => {
      if (method === 'eth_getLogs') await gate
      return undefined
    }
    await proxy.reached('eth_getLogs', proxy.count('eth_getLogs') + 1)
    await account.rpc.request('evm_revert', [snapshot])
    const rival = makeAnchor(NA, undefined, { root: keccak256(utf8('rival')) })
    await send(rival)
    open()
    await diary.expect('anchored 1', 'reorged 1', 'anchored 1')
    assert.deepEqual(diary.seen[1]?.root, rival.root)
    await mine(2)
    await diary.expect('anchored 1', 'reorged 1', 'anchored 1', 'final 1')
  })

  it('tells a reorganisation that happened while it was stopped', async () => {
    const watcher = await watch()
    await send(makeAnchor(NA))
    await diary.expect('anchored 1')
    await watcher.stop()
    await reorg(1)
    await watch()
    await diary.expect('anchored 1', 'reorged 1')
  })

  it('goes on from its cursor after a restart and repeats nothing', async () => {
    const watcher = await watch()
    const first = makeAnchor(NA)
    await send(first)
    await diary.expect('anchored 1')
    await watcher.stop()
    const second = makeAnchor(NA, first)
    await send(second)
    await mine(2)
    await watch()
    await diary.expect('anchored 1', 'final 1', 'anchored 2', 'final 2')
    await diary.look()
    assert.equal(diary.cursor?.pending.length, 0)
    await watchers.at(-1)?.stop()
    await watch()
    await diary.look()
    assert.equal(diary.told.length, 4)
  })

  it('repeats what the listener could not take, and tells nothing after it before', async () => {
    diary.failNext = new Error('manifest not here yet')
    const first = makeAnchor(NA)
    await send(first)
    await send(makeAnchor(NA, first))
    await watch()
    await diary.expect('anchored 1', 'anchored 2')
    const failure = diary.states.find((state) => state.state === 'waiting')
    assert.match(String(failure?.error), /manifest not here yet/)
  })

  it('reads long ranges in pieces, smaller ones where the endpoint refuses, and skips no block', async () => {
    let last: Anchor | undefined
    for (let i = 0; i < 6; i += 1) {
      last = makeAnchor(NA, last)
      await send(last)
      await mine(i * 3)
    }
    await mine(5)
    const ranges: [number, number][] = []
    proxy.override = ({ method, params }) => {
      if (method !== 'eth_getLogs') return undefined
      const { fromBlock, toBlock } = params[0] as { readonly fromBlock: string; readonly toBlock: string }
      if (Number(toBlock) - Number(fromBlock) >= 7) return { error: { code: -32005, message: 'range too large' } }
      ranges.push([Number(fromBlock), Number(toBlock)])
      return undefined
    }
    await watch({ logRangeBlocks: 25 })
    await diary.until(() => diary.told.includes('final 6'))
    await watchers[0]?.stop()
    assert.deepEqual(
      diary.told.filter((line) => line.startsWith('anchored')),
      [1, 2, 3, 4, 5, 6].map((seq) => `anchored ${seq}`),
    )
    assert.ok(ranges.length > 5)
    for (const [i, [from]] of ranges.entries()) assert.ok(from <= (ranges[i - 1]?.[1] ?? -1) + 1, `gap before ${from}`)
  })

  it('skips nothing when it is stopped in the middle of a long range', async () => {
    const first = makeAnchor(NA)
    await send(first)
    await mine(9)
    await send(makeAnchor(NA, first))
    await mine(9)
    const before = proxy.count('eth_getLogs')
    proxy.override = ({ method }) =>
      method === 'eth_getLogs' && proxy.count('eth_getLogs') > before + 1 ? 'hang-up' : undefined
    const watcher = await watch({ logRangeBlocks: 5 })
    await diary.until(() => diary.states.length > 0)
    await watcher.stop()
    assert.deepEqual(diary.told, ['anchored 1', 'final 1'])
    proxy.override = () => undefined
    await watch({ logRangeBlocks: 5 })
    await diary.expect('anchored 1', 'final 1', 'anchored 2', 'final 2')
  })

  it('counts depth where the chain knows no finalized block', async () => {
    const answers = [{ error: { code: -39001, message: 'unknown block' } }, { result: null }] as const
    for (const answer of answers) {
      proxy.override = ({ method, params }) =>
        method === 'eth_getBlockByNumber' && params[0] === 'finalized' ? answer : undefined
      diary = new Diary()
      const watcher = await watch({ finalDepthBlocks: 4 })
      const before = await head(account)
      const seq = await send({ ...makeAnchor(NA), ...before })
      assert.equal(seq.status, 1)
      const line = `anchored ${before.seq}`
      await diary.until(() => diary.told.includes(line))
      await mine(3)
      await diary.look()
      assert.equal(diary.told.includes(`final ${before.seq}`), false)
      await mine(1)
      await diary.until(() => diary.told.includes(`final ${before.seq}`))
      await watcher.stop()
    }
  })

  it('reports an endpoint that is down, and tells what it missed when it is back', async () => {
    proxy.override = () => 'hang-up'
    await watch()
    await diary.until(() => diary.states.length >= 3)
    assert.ok(diary.states.every((state) => state.state === 'waiting'))
    const waits = diary.states.map((state) => (state.state === 'waiting' ? state.retryInMs : 0))
    assert.deepEqual(waits.slice(0, 3), [10, 20, 40])
    await send(makeAnchor(NA))
    await mine(2)
    proxy.override = () => undefined
    await diary.expect('anchored 1', 'final 1')
    await diary.until(() => diary.states.at(-1)?.state === 'following')
  })

  it('does not follow another chain that answers at its endpoint', async () => {
    await send(makeAnchor(NA))
    await watch({ domain: { ...domain, chainId: 1 } })
    await diary.until(() => diary.states.length > 0)
    const [state] = diary.states
    assert.ok(state?.state === 'waiting')
    assert.equal((state.error as { code?: string }).code, 'ERR_CHAIN_WRONG_ID')
    assert.deepEqual(diary.told, [])
  })

  it('takes no lagging or reset endpoint for a reorganisation', async () => {
    const snapshot = await account.rpc.request('evm_snapshot', [])
    const first = makeAnchor(NA)
    await send(first)
    await mine(4)
    const second = makeAnchor(NA, first)
    await send(second)
    await watch()
    await diary.expect('anchored 1', 'final 1', 'anchored 2')
    await account.rpc.request('evm_revert', [snapshot])
    await diary.until(() => diary.states.at(-1)?.state === 'waiting')
    const state = diary.states.at(-1)
    assert.ok(state?.state === 'waiting')
    assert.equal((state.error as { code?: string }).code, 'ERR_CHAIN_BEHIND')
    assert.deepEqual(diary.told, ['anchored 1', 'final 1', 'anchored 2'])
  })

  it('does not put blocks behind it whose logs an endpoint left out', async () => {
    await watch()
    await send(makeAnchor(NA))
    await diary.expect('anchored 1')
    proxy.override = ({ method }) => (method === 'eth_getLogs' ? { result: [] } : undefined)
    await mine(5)
    await diary.until(() => diary.states.at(-1)?.state === 'waiting')
    proxy.override = () => undefined
    await diary.expect('anchored 1', 'final 1')
  })

  it('survives that Anvil itself is stopped and started again from its file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kwitness-watch-'))
    try {
      const statePath = join(folder, 'chain.json')
      let kept = await startAnvil({ blockTimeS: 0, statePath })
      account = new AnvilAccount(kept)
      domain = await deployFor(kept, { [NA]: four, [EU]: others })
      proxy.retarget(kept.rpcUrl)
      await watch()
      const first = makeAnchor(NA)
      await send(first)
      await diary.expect('anchored 1')
      await kept.stop()
      await diary.until(() => diary.states.at(-1)?.state === 'waiting')
      kept = await startAnvil({ blockTimeS: 0, statePath, port: kept.port })
      try {
        account = new AnvilAccount(kept)
        await send(makeAnchor(NA, first))
        await mine(2)
        await diary.until(() => diary.told.includes('final 2'))
        // Whether the first was final before the second was seen depends on when it looked.
        const inOrder = (seq: number): string[] => diary.told.filter((line) => line.endsWith(String(seq)))
        assert.deepEqual(
          [inOrder(1), inOrder(2)],
          [
            ['anchored 1', 'final 1'],
            ['anchored 2', 'final 2'],
          ],
        )
      } finally {
        await kept.stop()
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  /** What the next anchor of the usual region must say of its place. */
  async function head(from: AnvilAccount): Promise<Pick<Anchor, 'seq' | 'prev'>> {
    const [, seq, hash] = (await from.view(domain.registry, 'head', [
      `0x${Buffer.from(NA).toString('hex').padEnd(64, '0')}`,
    ])) as [bigint, bigint, string]
    return { seq: Number(seq) + 1, prev: Uint8Array.from(Buffer.from(hash.slice(2), 'hex')) }
  }
})
