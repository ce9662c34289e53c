import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressOfPrivateKey, toHex } from '#protocol'
import { findAnvilBinary, startAnvil } from '../../node/chain/anvil.ts'
import { blockShape } from '../../node/chain/chain-shapes.ts'
import { JsonRpc, quantityShape } from '../../node/chain/json-rpc.ts'

describe('the embedded Anvil', () => {
  it('answers as soon as it is started, on a port that was free, with funded accounts', async () => {
    const anvil = await startAnvil({ blockTimeS: 0, chainId: 4242 })
    try {
      const rpc = new JsonRpc({ url: anvil.rpcUrl })
      assert.equal(await rpc.chainId(), 4242)
      assert.equal(anvil.fundedKeys.length, 10)
      for (const key of anvil.fundedKeys) {
        const params = [toHex(addressOfPrivateKey(key)), 'latest']
        assert.equal(await rpc.call(quantityShape, 'eth_getBalance', params), 10_000n * 10n ** 18n)
      }
    } finally {
      await anvil.stop()
    }
  })

  it('finalizes the block two below the newest', async () => {
    const anvil = await startAnvil({ blockTimeS: 0 })
    try {
      const rpc = new JsonRpc({ url: anvil.rpcUrl })
      await rpc.request('anvil_mine', ['0x6'])
      const block = await rpc.call(blockShape, 'eth_getBlockByNumber', ['finalized', false])
      assert.equal(block.number, 4)
    } finally {
      await anvil.stop()
    }
  })

  it('is gone after stop(), which may be called twice', async () => {
    const anvil = await startAnvil({ blockTimeS: 1 })
    await anvil.stop()
    await anvil.stop()
    assert.equal(isAlive(anvil.pid), false)
    await assert.rejects(new JsonRpc({ url: anvil.rpcUrl }).chainId(), { code: 'ERR_CHAIN_UNREACHABLE' })
  })

  it('ends when its signal aborts, also while it starts', async () => {
    const running = new AbortController()
    const anvil = await startAnvil({ blockTimeS: 1, signal: running.signal })
    running.abort()
    await anvil.exited
    assert.equal(isAlive(anvil.pid), false)

    const starting = new AbortController()
    const started = startAnvil({ blockTimeS: 1, signal: starting.signal })
    starting.abort(new Error('not any more'))
    await assert.rejects(started, /not any more/)
  })

  it('keeps the chain in a file across restarts', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kwitness-anvil-'))
    try {
      const statePath = join(folder, 'chain.json')
      const first = await startAnvil({ blockTimeS: 0, statePath })
      const head = await new JsonRpc({ url: first.rpcUrl })
        .request('anvil_mine', ['0x5'])
        .then(() => new JsonRpc({ url: first.rpcUrl }).call(blockShape, 'eth_getBlockByNumber', ['latest', false]))
      await first.stop()
      const second = await startAnvil({ blockTimeS: 0, statePath })
      const again = await new JsonRpc({ url: second.rpcUrl }).call(blockShape, 'eth_getBlockByNumber', [
        'latest',
        false,
      ])
      await second.stop()
      assert.deepEqual(again, head)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('says in a code why it did not start', async () => {
    const first = await startAnvil({ blockTimeS: 0 })
    try {
      await assert.rejects(startAnvil({ blockTimeS: 0, port: first.port }), { code: 'ERR_CHAIN_ANVIL_FAILED' })
    } finally {
      await first.stop()
    }
    assert.throws(() => findAnvilBinary('plan9', 'mips'), { code: 'ERR_CHAIN_ANVIL_MISSING' })
  })

  it('does not outlive a parent that is killed with -9', async function () {
    if (process.platform === 'win32') this.skip()
    const script = `import { startAnvil } from ${JSON.stringify(new URL('../../node/chain/anvil.ts', import.meta.url).href)}
      const anvil = await startAnvil({ blockTimeS: 1 })
      process.stdout.write(JSON.stringify({ pid: anvil.pid, rpcUrl: anvil.rpcUrl }))
      await new Promise(() => setInterval(() => {}, 1000))`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [chunk] = (await once(parent.stdout, 'data')) as [Buffer]
    const { pid, rpcUrl } = JSON.parse(chunk.toString('utf8')) as { pid: number; rpcUrl: string }
    assert.equal(isAlive(pid), true)
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    // Its last sign of life is the open port: wait until nothing answers there any more.
    const rpc = new JsonRpc({ url: rpcUrl })
    for (;;) {
      const isUp = await rpc.chainId().then(
        () => true,
        () => false,
      )
      if (!isUp) break
    }
  })
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
