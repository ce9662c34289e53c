import assert from 'node:assert/strict'
import { planAnchor } from '#consensus'
import { addressOfPrivateKey, digestOf, charterCid, encodeProof, hashAnchor, ZERO_32 } from '#protocol'
import type { Check, Proof } from '#protocol'
import { startAnvil } from '../../node/chain/anvil.ts'
import type { Anvil } from '../../node/chain/anvil.ts'
import { deployRegistry, predictRegistryAddress } from '../../node/chain/registry-deployment.ts'
import { RegistryClient } from '../../node/chain/registry-client.ts'
import { verifyProof } from '../../node/verify.ts'
import {
  certifyBatch,
  foundRegion,
  hashOf,
  makeClaim,
  makeProof,
  REGION,
  signByQuorum,
} from '../support/region-fixture.ts'
import type { RegionFixture } from '../support/region-fixture.ts'

const claims = [makeClaim('a'), makeClaim('b'), makeClaim('c')]
const { signal } = new AbortController()

describe('verification with the chain', () => {
  let anvil: Anvil
  let region: RegionFixture
  let proof: Proof
  let payerKey: Uint8Array

  before(async () => {
    anvil = await startAnvil({ blockTimeS: 1 })
    const [deployerKey, secondKey] = anvil.fundedKeys
    assert.ok(deployerKey !== undefined && secondKey !== undefined)
    payerKey = secondKey
    const { rpcUrl, chainId } = anvil
    const registry = await predictRegistryAddress({ rpcUrl, deployer: addressOfPrivateKey(deployerKey) })
    region = foundRegion(4, 'chain test', { chain: { chainId, registry } })
    const [founded] = region.charter.regions
    assert.ok(founded !== undefined)
    const networkId = digestOf(charterCid(region.charter))
    const deployed = await deployRegistry({ rpcUrl, deployerKey, networkId, regions: [founded], pollMs: 20 })
    assert.deepEqual(deployed.address, registry)
    proof = await anchorProof()
  })

  after(async () => {
    await anvil.stop()
  })

  // A proof whose anchor is on the chain.
  async function anchorProof(): Promise<Proof> {
    const made = makeProof(region, claims, 1).proof
    const batches = [certifyBatch(region, [makeClaim('other batch')], { sponsor: 1 }), certifyBatch(region, claims)]
    const plan = planAnchor({ region: REGION, epoch: 0, seq: 1, prev: ZERO_32 }, batches, () => false)
    assert.ok(plan !== undefined && made.anchor !== undefined)
    assert.deepEqual(plan.anchor.root, made.anchor.content.root)
    const client = new RegistryClient({
      rpcUrl: anvil.rpcUrl,
      domain: region.domain,
      payer: { key: payerKey, pollMs: 20 },
    })
    const outcome = await client.submitAnchor(plan.anchor, signByQuorum(region, hashAnchor(region.domain, plan.anchor)))
    assert.equal(outcome.outcome, 'anchored')
    const { txHash, blockNumber, blockHash } = outcome
    return { ...made, anchor: { ...made.anchor, transaction: txHash, blockNumber, blockHash } }
  }

  async function verify(given: Proof, rpcUrl = anvil.rpcUrl, charter = region.charter): Promise<readonly Check[]> {
    const { ok, checks } = await verifyProof({ proof: encodeProof(given), charter, rpcUrl, signal })
    assert.equal(
      ok,
      checks.every((check) => check.ok),
    )
    return checks
  }

  function failed(checks: readonly Check[]): string[] {
    return checks.filter((check) => !check.ok).map((check) => check.name)
  }

  it('asks the contract for registry, committee, root, event, block and finality', async () => {
    const checks = await verify(proof)
    assert.deepEqual(failed(checks), [])
    const names = checks.map((check) => check.name).filter((name) => name.startsWith('chain'))
    const expected = ['chain-registry', 'chain-committee', 'chain-anchor', 'chain-transaction', 'chain-final']
    assert.deepEqual(names, expected)
  })

  it('refuses a transaction, block number or block hash that is not the anchor’s', async () => {
    const { anchor } = proof
    assert.ok(anchor !== undefined)
    for (const lie of [
      { transaction: hashOf('x') },
      { blockNumber: anchor.blockNumber + 1 },
      { blockHash: hashOf('x') },
    ]) {
      assert.deepEqual(failed(await verify({ ...proof, anchor: { ...anchor, ...lie } })), ['chain-transaction'])
    }
  })

  it('refuses an anchor that a quorum signed and the chain does not have', async () => {
    const other = makeProof(region, [makeClaim('never anchored')], 0).proof
    const checks = await verify(other)
    assert.deepEqual(failed(checks), ['chain-anchor'])
    assert.match(checks.find((check) => !check.ok)?.detail ?? '', /^anchor 1 has root 0x/)
  })

  it('refuses a contract of another network, another chain, and an endpoint that is not there', async () => {
    const { chain } = region.charter
    const elsewhere = foundRegion(4, 'chain test', { chain: { ...chain, registry: hashOf('x').slice(0, 20) } })
    const otherChain = foundRegion(4, 'chain test', { chain: { ...chain, chainId: 1 } })
    const otherNetwork = foundRegion(4, 'another', { chain })
    for (const { charter, ...rest } of [elsewhere, otherChain, otherNetwork]) {
      const own = makeProof({ charter, ...rest }, claims, 0).proof
      assert.deepEqual(failed(await verify(own, anvil.rpcUrl, charter)), ['chain-registry'])
    }
    assert.deepEqual(failed(await verify(proof, 'http://127.0.0.1:1')), ['chain-registry'])
  })

  it('has nothing to ask for a claim that is only certified', async () => {
    const checks = await verify(makeProof(region, claims, 0, { anchored: false }).proof)
    assert.deepEqual(failed(checks), [])
    assert.deepEqual(checks.at(-1)?.skipped, true)
  })
})
