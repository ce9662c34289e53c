import { domainOf, toHex } from '#protocol'
import { RegistryClient } from '../../chain/registry-client.ts'
import type { OpenedDataDir } from '../../data-dir.ts'
import { REMEDIES } from '../../findings.ts'
import { grouped } from '../bill-lines.ts'
import { etherText } from '../ether-text.ts'
import { examine, skip } from './diagnosis.ts'
import type { Diagnosis, Found } from './diagnosis.ts'

/** A block is made after its time; clocks of miners are let off as much. */
const AHEAD_MS = 30_000
/** The slowest chains make a block in some minutes. */
const BEHIND_MS = 10 * 60_000
/** What an anchor of one region takes, rounded up from `npm run bench -- gas`. */
const GAS_PER_ANCHOR = 200_000n
/** Anchors of a few days at the usual pace. */
const FEW_ANCHORS = 500n

/** The chain, the clock against it, and who pays. */
export async function checkChain(
  { charter, config, payerKey }: OpenedDataDir,
  nowMs: () => number,
  signal: AbortSignal,
): Promise<Diagnosis[]> {
  const chain = new RegistryClient({
    rpcUrl: config.chain.rpcUrl,
    domain: domainOf(charter),
    ...(payerKey === undefined ? {} : { payer: { key: payerKey } }),
  })
  const reached = await examine('chain', REMEDIES.chain, async () => {
    await chain.check({ signal })
    return `chain ${charter.chain.chainId}, registry ${toHex(charter.chain.registry)}`
  })
  if (!reached.ok) return [reached, skip('clock', 'no chain to compare it with'), skip('payer', 'no chain to ask')]
  return [reached, await checkClock(chain, nowMs, signal), await checkPayer(chain, signal)]
}

async function checkClock(chain: RegistryClient, nowMs: () => number, signal: AbortSignal): Promise<Diagnosis> {
  return examine(
    'clock',
    'let the machine keep time by NTP; if it does, look whether the chain stands still',
    async () => {
      const blockMs = await chain.blockTimeMs({ signal })
      const aheadMs = blockMs - nowMs()
      if (aheadMs > AHEAD_MS) throw new Error(`the clock is ${Math.round(aheadMs / 1_000)} s behind the newest block`)
      const seconds = Math.max(0, Math.round(-aheadMs / 1_000))
      if (-aheadMs > BEHIND_MS)
        return { warning: `the newest block is ${seconds} s old: the chain stands, or the clock is ahead` }
      return `the newest block is ${seconds} s old`
    },
  )
}

async function checkPayer(chain: RegistryClient, signal: AbortSignal): Promise<Diagnosis> {
  const { payer } = chain
  if (payer === undefined) return skip('payer', 'none: this auditor signs anchors, others send them')
  return examine('payer', `send ether to ${toHex(payer)}; a little at a time will do`, async (): Promise<Found> => {
    const [balanceWei, gasPriceWei] = await Promise.all([
      chain.payerBalanceWei({ signal }),
      chain.gasPriceWei({ signal }),
    ])
    if (balanceWei === 0n) throw new Error(`${toHex(payer)} is empty`)
    const known = `${toHex(payer)} has ${etherText(balanceWei)} ether`
    if (gasPriceWei === 0n) return `${known}; gas is free`
    const anchors = balanceWei / (GAS_PER_ANCHOR * gasPriceWei)
    if (anchors === 0n) throw new Error(`${known}, less than an anchor costs now`)
    const text = `${known}, enough for about ${grouped(anchors)} anchors at the present price`
    return anchors < FEW_ANCHORS ? { warning: text } : text
  })
}
