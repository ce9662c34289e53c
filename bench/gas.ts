import { hashAnchorStruct, keccak256, quorumOf, utf8 } from '#protocol'
import type { Anchor, Domain } from '#protocol'
import { startAnvil } from '../node/chain/anvil.ts'
import {
  AnvilAccount,
  anchorInput,
  deployFor,
  makeAnchor,
  makeCommittee,
  signAnchor,
} from '../test/integration/chain-fixture.ts'
import type { Auditor } from '../test/integration/chain-fixture.ts'

/** Committees that are measured, by number of auditors: the two that have a goal, and two that show how it grows. */
const COMMITTEE_SIZES = [4, 7, 16, 31] as const

/** Claims of the measured anchors, up to the limit of one anchor. */
const BATCH_SIZES = [1, 512, 10_000] as const

/**
 * Gas of one anchor in the steady state (a region's second and later ones), on an embedded Anvil.
 *
 * `anchor_gas_<q>_of_<n>` is the largest over all batch sizes; `anchor_gas_<q>_of_<n>_<claims>_claims` are the single ones: they
 * differ only by the bytes of the figures themselves (4 gas for a zero byte, 16 for another, in the input).
 */
export async function benchGas(): Promise<{ name: string; value: number; unit: string }[]> {
  const anvil = await startAnvil({ blockTimeS: 0 })
  try {
    const committees = Object.fromEntries(COMMITTEE_SIZES.map((size) => [`region-${size}`, makeCommittee('gas', size)]))
    const domain = await deployFor(anvil, committees)
    const account = new AnvilAccount(anvil)
    const results: { name: string; value: number; unit: string }[] = []
    for (const [region, auditors] of Object.entries(committees)) {
      const name = `anchor_gas_${quorumOf(auditors.length)}_of_${auditors.length}`
      const gas = await measureRegion({ account, domain, region, auditors })
      results.push({ name, value: Math.max(...gas.values()), unit: 'gas' })
      for (const [claims, value] of gas) results.push({ name: `${name}_${claims}_claims`, value, unit: 'gas' })
    }
    return results
  } finally {
    await anvil.stop()
  }
}

type Region = {
  readonly account: AnvilAccount
  readonly domain: Domain
  readonly region: string
  readonly auditors: readonly Auditor[]
}

/** Gas of an anchor by number of claims. */
async function measureRegion({ account, domain, region, auditors }: Region): Promise<Map<number, number>> {
  const gas = new Map<number, number>()
  // The first anchor pays for new storage; it is sent and not measured.
  let last: Anchor = makeAnchor(region)
  await send(last)
  for (const claims of BATCH_SIZES) {
    const seq = last.seq + 1
    last = {
      ...makeAnchor(region, last),
      prev: hashAnchorStruct(last),
      root: keccak256(utf8(`root ${seq}`)),
      claims,
      // A household's month, each.
      gramsLocation: 119_000n * BigInt(claims),
      gramsMarket: 98_000n * BigInt(claims),
    }
    gas.set(claims, await send(last))
  }
  return gas

  async function send(anchor: Anchor): Promise<number> {
    // The last q auditors, not the first: then all members are looked at.
    const digestSigners = auditors.slice(-quorumOf(auditors.length))
    const signatures = signAnchor(domain, anchor, [...digestSigners, ...auditors.slice(0, -digestSigners.length)])
    const receipt = await account.send(domain.registry, anchorInput(domain, anchor, signatures))
    if (receipt.status !== 1) throw new Error(`anchor ${anchor.seq} of ${region} was refused`)
    return Number(receipt.gasUsed)
  }
}
