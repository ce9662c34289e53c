import type { Finding, NodeHealth, NodeStatus } from '#api'
import { judgeDisk } from './service/disk.ts'
import type { DiskSpace } from './service/disk.ts'

/** What is judged; what could not be looked at is absent. */
export type Circumstances = Pick<NodeHealth, 'committee' | 'queue' | 'anchorLag' | 'chain'> &
  Partial<Pick<NodeStatus, 'payer' | 'tls' | 'webhooks'>> & {
    readonly isStopping: boolean
    readonly queueLimit: number
    readonly disk?: DiskSpace | undefined
    /** Longest time that a certified claim should wait for an anchor. */
    readonly anchorDueMs: number
    /** Auditors of this committee that were turned away lately. */
    readonly refusedMembers: number
  }

/** Share of the queue's limit above which it is told. */
const QUEUE_WARNING = 0.5
/** Time to send ether. */
const RUNWAY_WARNING_DAYS = 14
const RUNWAY_ALARM_DAYS = 2

/** What to do about each finding; `kwitness doctor` says the same. */
export const REMEDIES = {
  stopping: 'wait until it is up again',
  quorum: 'look at network.bootstrap, at firewalls, and at kwitness peers for refusals',
  margin: 'ask the operators of the auditors that are missing; see kwitness peers',
  small: 'nobody is missing; with seven auditors a region survives two outages',
  disk: 'free some space, or move the data directory',
  queue: 'look at committee and disk: bills are taken faster than they are certified',
  chain: 'look at chain.rpcUrl in config.json, and whether the endpoint is up',
  behind: 'wait: other auditors have it; if it lasts, see kwitness peers for those that are missing',
  anchors: 'look at the chain, and whether any auditor of the region has a payer with ether',
  payer: 'send ether to its address; it has no authority, so a little at a time will do',
  tls: 'mend api.tlsCertFile and api.tlsKeyFile: the node reads them again each minute',
  webhooks: 'ask their owners; a ping that is answered switches one on again',
  refused: 'compare versions with its operator: kwitness peers says what differs',
} as const

/** Codes of the chain's reason that tell of what peers have and this node has not yet: the endpoint is up. */
const BEHIND = ['ERR_ANCHOR_BATCH', 'ERR_NODE_BLOCKS_MISSING']

/** Everything that is wrong, alarms first. */
export function findFaults(now: Circumstances): Finding[] {
  const faults = [...faultsOfReadiness(now), ...faultsOfRegion(now), ...faultsOfChain(now), ...faultsOfService(now)]
  return faults.toSorted((a, b) => Number(b.level === 'alarm') - Number(a.level === 'alarm'))
}

/** What keeps a node from taking bills that will be certified. */
export function faultsOfReadiness(
  now: Pick<Circumstances, 'committee' | 'queue' | 'queueLimit' | 'disk' | 'isStopping'>,
): Finding[] {
  const { alive, quorum, size } = now.committee
  const faults: Finding[] = []
  const tell = (code: keyof typeof REMEDIES, message: string): void => {
    faults.push({ code, level: 'alarm', message, remedy: REMEDIES[code] })
  }
  if (now.isStopping) tell('stopping', 'the node is starting or stopping')
  if (alive < quorum) tell('quorum', `${alive} of ${size} auditors are here, ${quorum} are needed`)
  if (now.disk !== undefined && judgeDisk(now.disk) === 'full') tell('disk', `only ${diskText(now.disk)}`)
  if (now.queue >= now.queueLimit) tell('queue', `${now.queue} bills wait: no more are taken`)
  return faults
}

function faultsOfRegion({ committee, refusedMembers }: Circumstances): Finding[] {
  const { alive, quorum, size } = committee
  const margin = alive - quorum
  const faults: Finding[] = []
  // DESIGN 13: alarm when the margin is 1 or less.
  if (margin === 0 || margin === 1) {
    const text = margin === 0 ? 'one more outage stops all certificates' : 'a second outage stops all certificates'
    const message = `${alive} of ${size} auditors are here, ${quorum} are needed: ${text}`
    const remedy = alive < size ? REMEDIES.margin : REMEDIES.small
    faults.push({ code: 'margin', level: 'warning', message, remedy })
  }
  if (refusedMembers > 0) {
    const message = `${refusedMembers} of this region's own auditors ${refusedMembers === 1 ? 'was' : 'were'} turned away`
    faults.push({ code: 'refused', level: 'alarm', message, remedy: REMEDIES.refused })
  }
  return faults
}

function faultsOfChain({ chain, anchorLag, anchorDueMs, payer }: Circumstances): Finding[] {
  const faults: Finding[] = []
  const reason = chain.reason ?? ''
  if (!chain.ok && BEHIND.some((code) => reason.startsWith(`${code}:`))) {
    const message = `the anchors of the chain cannot be followed yet: ${reason}`
    faults.push({ code: 'behind', level: 'warning', message, remedy: REMEDIES.behind })
  } else if (!chain.ok) {
    const message = `the chain cannot be followed: ${chain.reason ?? 'not asked yet'}`
    faults.push({ code: 'chain', level: 'alarm', message, remedy: REMEDIES.chain })
  }
  if (anchorLag.claims > 0 && anchorLag.oldestMs > anchorDueMs) {
    const message = `${anchorLag.claims} certified claims wait for an anchor, the oldest for ${minutes(anchorLag.oldestMs)}`
    faults.push({ code: 'anchors', level: 'warning', message, remedy: REMEDIES.anchors })
  }
  return [...faults, ...faultsOfPayer(payer)]
}

function faultsOfPayer(payer: Circumstances['payer']): Finding[] {
  if (payer?.balanceWei === undefined) return []
  const { address, balanceWei, runwayAnchors, runwayDays } = payer
  const isEmpty = balanceWei === '0' || runwayAnchors === 0
  if (isEmpty) {
    const message = `the payer ${address} cannot pay for an anchor any more`
    return [{ code: 'payer', level: 'alarm', message, remedy: REMEDIES.payer }]
  }
  if (runwayDays === undefined || runwayDays >= RUNWAY_WARNING_DAYS) return []
  const message = `the payer ${address} has ether for ${runwayAnchors ?? 0} anchors, ${runwayDays} days at the present pace`
  const level = runwayDays < RUNWAY_ALARM_DAYS ? 'alarm' : 'warning'
  return [{ code: 'payer', level, message, remedy: REMEDIES.payer }]
}

function faultsOfService({ disk, queue, queueLimit, tls, webhooks }: Circumstances): Finding[] {
  const faults: Finding[] = []
  const tell = (code: keyof typeof REMEDIES, message: string): void => {
    faults.push({ code, level: 'warning', message, remedy: REMEDIES[code] })
  }
  if (disk !== undefined && judgeDisk(disk) === 'low') tell('disk', `only ${diskText(disk)}`)
  if (queue < queueLimit && queue > queueLimit * QUEUE_WARNING) tell('queue', `${queue} bills wait to be proposed`)
  if (tls?.problem !== undefined) {
    const message = `the certificate was not renewed, the one before is shown: ${tls.problem}`
    faults.push({ code: 'tls', level: 'alarm', message, remedy: REMEDIES.tls })
  }
  if (webhooks !== undefined && webhooks.disabled > 0) {
    tell('webhooks', `${webhooks.disabled} of ${webhooks.total} webhooks are switched off after failing for too long`)
  }
  return faults
}

/** Free space for people. */
export function diskText({ freeBytes, totalBytes }: DiskSpace): string {
  const percent = totalBytes === 0 ? 0 : Math.floor((100 * freeBytes) / totalBytes)
  return `${(freeBytes / 1024 ** 3).toFixed(1)} GiB of ${(totalBytes / 1024 ** 3).toFixed(1)} GiB are free (${percent} %)`
}

function minutes(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`
}
