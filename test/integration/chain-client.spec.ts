import assert from 'node:assert/strict'
import { Transaction } from 'ethers'
import { addressOfPrivateKey, hashAnchorStruct, keccak256, toHex, utf8, ZERO_32 } from '#protocol'
import type { Anchor, Domain } from '#protocol'
import { startAnvil } from '../../node/chain/anvil.ts'
import type { Anvil } from '../../node/chain/anvil.ts'
import { ChainError } from '../../node/chain/chain-error.ts'
import type { PayerInit } from '../../node/chain/payer.ts'
import { RegistryClient } from '../../node/chain/registry-client.ts'
import { deployRegistry, predictRegistryAddress } from '../../node/chain/registry-deployment.ts'
import { AnvilAccount, anchorInput, deployFor, makeAnchor, makeCommittee, signAnchor } from './chain-fixture.ts'
import { RpcProxy } from './chain-proxy.ts'

const NA = 'north-america'

describe('RegistryClient on a real chain', () => {
  const four = makeCommittee(NA, 4)
  let anvil: Anvil
  let account: AnvilAccount
  let proxy: RpcProxy
  let domain: Domain
  let snapshot: unknown

  before(async () => {
    anvil = await startAnvil({ blockTimeS: 0 })
    account = new AnvilAccount(anvil)
    domain = await deployFor(anvil, { [NA]: four })
  })
  after(async () => await anvil.stop())
  beforeEach(async () => {
    proxy = await RpcProxy.open(anvil.rpcUrl)
    snapshot = await account.rpc.request('evm_snapshot', [])
  })
  afterEach(async () => {
    await proxy.close()
    await account.rpc.request('evm_setAutomine', [true])
    await account.rpc.request('evm_revert', [snapshot])
  })

  const keyAt = (index: number): Uint8Array => anvil.fundedKeys[index] ?? ZERO_32
  const open = (payer: Partial<PayerInit> = {}, rpcUrl = anvil.rpcUrl): RegistryClient =>
    new RegistryClient({ rpcUrl, domain, payer: { key: keyAt(1), pollMs: 10, ...payer } })
  const signed = (anchor: Anchor): [Anchor, Uint8Array[]] => [anchor, signAnchor(domain, anchor, four)]

  it('knows the address of a contract before it is deployed', async () => {
    const deployerKey = keyAt(5)
    const init = { rpcUrl: anvil.rpcUrl, deployer: addressOfPrivateKey(deployerKey) }
    const predicted = await predictRegistryAddress(init)
    const regions = [{ name: NA, committee: four.map((a) => a.address) }]
    const networkId = keccak256(utf8('predicted'))
    const deployment = await deployRegistry({ rpcUrl: anvil.rpcUrl, deployerKey, networkId, regions, pollMs: 10 })
    assert.deepEqual(deployment.address, predicted)
    assert.ok(deployment.gasUsed > 1_000_000n)
    assert.notDeepEqual(await predictRegistryAddress(init), predicted)
    await new RegistryClient({ rpcUrl: anvil.rpcUrl, domain: { ...domain, registry: predicted, networkId } }).check()
  })

  it('refuses to deploy a committee that the contract refuses, before anything is spent', async () => {
    const before = await open().payerBalanceWei()
    const regions = [{ name: NA, committee: four.slice(1).map((a) => a.address) }]
    const init = { rpcUrl: anvil.rpcUrl, deployerKey: keyAt(1), networkId: domain.networkId, regions }
    await assert.rejects(deployRegistry(init), (thrown) =>
      hasCode(thrown, 'ERR_CHAIN_REVERTED', { errorName: 'AuditRegistryInvalidCommitteeSize' }),
    )
    assert.equal(await open().payerBalanceWei(), before)
  })

  it('submits anchors in sequence and tells where they are', async () => {
    const client = open()
    await client.check()
    assert.deepEqual(await client.head(NA), { epoch: 0, seq: 0, anchorHash: ZERO_32 })
    assert.deepEqual(await client.committee(NA), { epoch: 0, members: four.map((a) => a.address) })
    const first = makeAnchor(NA)
    const outcome = await client.submitAnchor(...signed(first))
    assert.ok(outcome.outcome === 'anchored')
    assert.ok(outcome.gasUsed > 21_000n)
    assert.deepEqual(await client.head(NA), { epoch: 0, seq: 1, anchorHash: hashAnchorStruct(first) })
    assert.deepEqual(await client.verifyAnchored(first), { found: 'anchored' })

    const second = makeAnchor(NA, first)
    assert.deepEqual(await client.verifyAnchored(second), { found: 'absent' })
    assert.deepEqual(await client.verifyAnchored({ ...first, root: second.root }), {
      found: 'other-root',
      root: first.root,
    })
    assert.equal((await client.submitAnchor(...signed(second))).outcome, 'anchored')
  })

  it('finds the evidence of an anchor in its transaction, and tells when it is final', async () => {
    const client = open()
    const first = makeAnchor(NA)
    const outcome = await client.submitAnchor(...signed(first))
    assert.ok(outcome.outcome === 'anchored')
    const evidence = await client.findEvidence(first, outcome.txHash)
    assert.equal(evidence?.isFinal, false)
    assert.deepEqual(evidence.blockHash, outcome.blockHash)
    assert.equal(evidence.event.gramsLocation, first.gramsLocation)
    await account.rpc.request('anvil_mine', ['0x2'])
    assert.equal((await client.findEvidence(first, outcome.txHash))?.isFinal, true)
    assert.equal(await client.findEvidence(makeAnchor(NA, first), outcome.txHash), undefined)
    assert.equal(await client.findEvidence(first, keccak256(utf8('no such transaction'))), undefined)
  })

  it('reports an anchor that somebody else has sent as an outcome, without paying', async () => {
    const first = makeAnchor(NA)
    await open({ key: keyAt(2) }).submitAnchor(...signed(first))
    const late = open({}, proxy.url)
    const before = await late.payerBalanceWei()
    assert.deepEqual(await late.submitAnchor(...signed(first)), { outcome: 'already-anchored' })
    const rival = makeAnchor(NA, undefined, { root: keccak256(utf8('rival')) })
    assert.deepEqual(await late.submitAnchor(...signed(rival)), { outcome: 'superseded', headSeq: 1 })
    await open({ key: keyAt(2) }).submitAnchor(...signed(makeAnchor(NA, first)))
    assert.deepEqual(await late.submitAnchor(...signed(first)), { outcome: 'already-anchored' })
    assert.deepEqual(await late.submitAnchor(...signed(rival)), { outcome: 'superseded', headSeq: 2 })
    assert.equal(await late.payerBalanceWei(), before)
    // It looks before it does anything else.
    assert.equal(proxy.count('eth_estimateGas'), 0)
  })

  it('reports an anchor that somebody else sent while ours was in the pool', async () => {
    await account.rpc.request('evm_setAutomine', [false])
    const first = makeAnchor(NA)
    const ours = open({}, proxy.url).submitAnchor(...signed(first))
    await poolHolds(account, 1)
    // The rival offers more, so that it comes first in the block that both are in; ours is mined and refused.
    const input = anchorInput(domain, ...signed(first))
    await account.rpc.request('eth_sendTransaction', [
      {
        from: toHex(addressOfPrivateKey(keyAt(2))),
        to: toHex(domain.registry),
        data: input,
        gas: '0x30d40',
        maxFeePerGas: '0x174876e800',
        maxPriorityFeePerGas: '0x174876e800',
      },
    ])
    await poolHolds(account, 2)
    await account.rpc.request('anvil_mine', ['0x1'])
    assert.deepEqual(await ours, { outcome: 'already-anchored' })
    const nonce = await account.rpc.request('eth_getTransactionCount', [toHex(addressOfPrivateKey(keyAt(1))), 'latest'])
    assert.equal(nonce, '0x1')
  })

  it('says which rule of the contract an anchor breaks, without paying', async () => {
    const client = open()
    const before = await client.payerBalanceWei()
    const first = makeAnchor(NA)
    const [, signatures] = signed(first)
    await assert.rejects(client.submitAnchor(first, signatures.slice(1)), (thrown) =>
      hasCode(thrown, 'ERR_CHAIN_REVERTED', {
        errorName: 'AuditRegistryWrongSignaturesLength',
        errorArgs: ['195', '130'],
      }),
    )
    const gap = makeAnchor(NA, first)
    await assert.rejects(client.submitAnchor(...signed(gap)), (thrown) =>
      hasCode(thrown, 'ERR_CHAIN_REVERTED', { errorName: 'AuditRegistryWrongSequence' }),
    )
    assert.equal(await client.payerBalanceWei(), before)
  })

  it('raises the fee of a transaction that is not mined, by what nodes demand', async () => {
    await account.rpc.request('evm_setAutomine', [false])
    const submitted = open({ replaceAfterMs: 30 }, proxy.url).submitAnchor(...signed(makeAnchor(NA)))
    await proxy.reached('eth_sendRawTransaction', 3)
    await account.rpc.request('evm_setAutomine', [true])
    await account.rpc.request('anvil_mine', ['0x1'])
    assert.equal((await submitted).outcome, 'anchored')
    const sent = sentThrough(proxy)
    for (const [i, { nonce, maxFeePerGas, maxPriorityFeePerGas }] of sent.entries()) {
      const before = sent[i - 1]
      if (before === undefined) continue
      assert.equal(nonce, before.nonce)
      assert.ok((maxFeePerGas ?? 0n) * 10n >= (before.maxFeePerGas ?? 0n) * 11n)
      assert.ok((maxPriorityFeePerGas ?? 0n) * 10n >= (before.maxPriorityFeePerGas ?? 0n) * 11n)
    }
  })

  it('never offers more than its ceiling', async () => {
    await account.rpc.request('evm_setAutomine', [false])
    const maxFeePerGasWei = 3_000_000_000n
    const submitted = open({ replaceAfterMs: 10, maxFeePerGasWei }, proxy.url).submitAnchor(...signed(makeAnchor(NA)))
    await proxy.reached('eth_sendRawTransaction', 4)
    await account.rpc.request('evm_setAutomine', [true])
    await account.rpc.request('anvil_mine', ['0x1'])
    assert.equal((await submitted).outcome, 'anchored')
    for (const { maxFeePerGas } of sentThrough(proxy)) assert.ok((maxFeePerGas ?? 0n) <= maxFeePerGasWei)
  })

  it('takes the version that is mined, also if that is an older one', async () => {
    await account.rpc.request('evm_setAutomine', [false])
    proxy.override = ({ method }) =>
      method === 'eth_sendRawTransaction' && proxy.count(method) > 1 ? { result: `0x${'11'.repeat(32)}` } : undefined
    const submitted = open({ replaceAfterMs: 30 }, proxy.url).submitAnchor(...signed(makeAnchor(NA)))
    await proxy.reached('eth_sendRawTransaction', 3)
    await account.rpc.request('anvil_mine', ['0x1'])
    const outcome = await submitted
    assert.ok(outcome.outcome === 'anchored')
    assert.equal(toHex(outcome.txHash), sentThrough(proxy)[0]?.hash)
  })

  it('replaces what an earlier run left stuck in the pool', async () => {
    await account.rpc.request('evm_setAutomine', [false])
    const stopped = new AbortController()
    const first = open({}, proxy.url).submitAnchor(...signed(makeAnchor(NA)), { signal: stopped.signal })
    await poolHolds(account, 1)
    stopped.abort(new Error('stopped'))
    await assert.rejects(first, /stopped/)

    const rival = makeAnchor(NA, undefined, { root: keccak256(utf8('other content')) })
    const asked = proxy.count('eth_sendRawTransaction')
    const second = open({}, proxy.url).submitAnchor(...signed(rival))
    // The first try offers no more than the stuck one and is refused; the next one replaces it.
    await proxy.reached('eth_sendRawTransaction', asked + 2)
    await proxy.reached('eth_getTransactionReceipt', proxy.count('eth_getTransactionReceipt') + 1)
    await poolHolds(account, 1)
    await account.rpc.request('anvil_mine', ['0x1'])
    assert.equal((await second).outcome, 'anchored')
  })

  it('sends again what an endpoint has forgotten', async () => {
    let dropped = 0
    proxy.override = ({ method }) => {
      if (method !== 'eth_sendRawTransaction' || dropped > 0) return undefined
      dropped += 1
      return { result: `0x${'11'.repeat(32)}` }
    }
    const outcome = await open({ replaceAfterMs: 20 }, proxy.url).submitAnchor(...signed(makeAnchor(NA)))
    assert.equal(outcome.outcome, 'anchored')
    assert.equal(dropped, 1)
  })

  it('goes on when the endpoint hangs up at the moment of sending, and anchors once', async () => {
    for (const isDelivered of [true, false]) {
      let hangUps = 0
      proxy.override = async ({ method, params }) => {
        if (method !== 'eth_sendRawTransaction' || hangUps > 0) return undefined
        hangUps += 1
        if (isDelivered) await account.rpc.request(method, params)
        return 'hang-up'
      }
      const head = await open().head(NA)
      const anchor = { ...makeAnchor(NA), seq: head.seq + 1, prev: head.anchorHash }
      const outcome = await open({}, proxy.url).submitAnchor(...signed(anchor))
      assert.equal(outcome.outcome, 'anchored')
      assert.equal((await open().head(NA)).seq, head.seq + 1)
    }
  })

  it('gives up after its time with the hashes of what may still be mined', async () => {
    await account.rpc.request('evm_setAutomine', [false])
    await assert.rejects(open({ timeoutMs: 50 }).submitAnchor(...signed(makeAnchor(NA))), (thrown) => {
      assert.ok(thrown instanceof ChainError && thrown.code === 'ERR_CHAIN_TIMEOUT')
      assert.match(String((thrown.details as { txHashes: string[] }).txHashes[0]), /^0x[0-9a-f]{64}$/)
      return true
    })
    await account.rpc.request('anvil_mine', ['0x1'])
  })

  it('says how much an empty payer needs', async () => {
    const key = keccak256(utf8('nobody'))
    await assert.rejects(open({ key }, proxy.url).submitAnchor(...signed(makeAnchor(NA))), (thrown) => {
      assert.ok(thrown instanceof ChainError && thrown.code === 'ERR_CHAIN_PAYER_EMPTY')
      const details = thrown.details as { payer: string; balanceWei: string; neededWei: string }
      assert.equal(details.payer, toHex(addressOfPrivateKey(key)))
      assert.equal(details.balanceWei, '0')
      assert.ok(BigInt(details.neededWei) > 0n)
      return true
    })
    assert.equal(proxy.count('eth_sendRawTransaction'), 0)
  })

  it('says the same when only the endpoint notices that the payer is empty', async () => {
    proxy.override = ({ method }) =>
      method === 'eth_getBalance' && proxy.count(method) === 1 ? { result: '0xffffffffffffffffff' } : undefined
    const key = keccak256(utf8('nobody'))
    await assert.rejects(open({ key }, proxy.url).submitAnchor(...signed(makeAnchor(NA))), (thrown) =>
      hasCode(thrown, 'ERR_CHAIN_PAYER_EMPTY', { balanceWei: '0' }),
    )
  })

  it('tells a wrong chain, a missing contract and the registry of another network apart', async () => {
    const at = (changes: Partial<Domain>): RegistryClient =>
      new RegistryClient({ rpcUrl: anvil.rpcUrl, domain: { ...domain, ...changes }, payer: { key: keyAt(1) } })
    await assert.rejects(at({ chainId: 1 }).check(), (thrown) =>
      hasCode(thrown, 'ERR_CHAIN_WRONG_ID', { expected: 1, found: anvil.chainId }),
    )
    const nowhere = at({ registry: four[0]?.address ?? ZERO_32 })
    await assert.rejects(nowhere.check(), { code: 'ERR_CHAIN_NO_CONTRACT' })
    await assert.rejects(nowhere.submitAnchor(...signed(makeAnchor(NA))), { code: 'ERR_CHAIN_NO_CONTRACT' })
    await assert.rejects(at({ networkId: ZERO_32 }).check(), { code: 'ERR_CHAIN_NO_CONTRACT' })
  })

  it('does not take a receipt without the event of the right contract for an anchor', async () => {
    const elsewhere = await deployFor(anvil, { [NA]: four }, keccak256(utf8('elsewhere')))
    const first = makeAnchor(NA)
    const foreign = await account.send(
      elsewhere.registry,
      anchorInput(elsewhere, first, signAnchor(elsewhere, first, four)),
    )
    assert.equal(await open().findEvidence(first, foreign.transactionHash), undefined)
    proxy.override = async ({ method }) =>
      method === 'eth_getTransactionReceipt'
        ? { result: await account.rpc.request(method, [toHex(foreign.transactionHash)]) }
        : undefined
    await assert.rejects(open({}, proxy.url).submitAnchor(...signed(first)), { code: 'ERR_CHAIN_NO_CONTRACT' })
  })

  it('reports an endpoint that is down, silent, broken or flooding, and never shows its access key', async () => {
    const answers = [
      'hang-up',
      { status: 502, body: '<html>Bad Gateway</html>' },
      { status: 200, body: '{"jsonrpc":"2.0","id":1,"result":' },
      { status: 200, body: '"a"' },
      { result: { not: 'a quantity' } },
      { status: 200, body: `{"jsonrpc":"2.0","id":1,"result":"0x7a69"}${' '.repeat(17 * 1024 * 1024)}` },
    ] as const
    for (const answer of answers) {
      proxy.override = () => answer
      await assert.rejects(open({}, proxy.url).check(), (thrown) => {
        assert.ok(thrown instanceof ChainError && thrown.code === 'ERR_CHAIN_UNREACHABLE', String(thrown))
        assert.doesNotMatch(`${thrown.message} ${JSON.stringify(thrown.details)}`, /secret/)
        return true
      })
    }
    proxy.override = () => ({ error: { code: -32005, message: 'daily request count exceeded' } })
    await assert.rejects(open({}, proxy.url).check(), (thrown) => hasCode(thrown, 'ERR_CHAIN_RPC', { rpcCode: -32005 }))
    proxy.override = () => 'silence'
    await assert.rejects(open({}, proxy.url).check({ signal: AbortSignal.timeout(30) }), { name: 'TimeoutError' })
  })
})

function hasCode(thrown: unknown, code: string, details: object): boolean {
  assert.ok(thrown instanceof ChainError, String(thrown))
  assert.equal(thrown.code, code, thrown.message)
  assert.deepEqual({ ...thrown.details, ...details }, thrown.details)
  return true
}

/** What was handed to the proxy as transactions, in order. */
function sentThrough(proxy: RpcProxy): Transaction[] {
  const calls = proxy.calls.filter(({ method }) => method === 'eth_sendRawTransaction')
  return calls.map(({ params }) => Transaction.from(params[0] as string))
}

/** Settles when so many transactions wait to be mined. */
async function poolHolds(account: AnvilAccount, count: number): Promise<void> {
  for (;;) {
    const { pending } = (await account.rpc.request('txpool_status', [])) as { pending: string }
    if (Number(pending) === count) return
  }
}
