import type { BillState, NodeHealth, NodeStatus } from '#api'
import { diskText } from '../../findings.ts'
import { grouped, printable } from '../bill-lines.ts'
import { etherText } from '../ether-text.ts'
import { wrap } from '../wrap.ts'

/** What a key without the scope `admin` is told. */
export type BriefStatus = NodeHealth & { readonly ready: boolean }

/** How the lines look. */
export type StatusStyle = {
  readonly width: number
  readonly paint: (style: 'bold' | 'gray' | 'green' | 'yellow' | 'red', text: string) => string
}

/** Order in which bills are told. */
const STATES: readonly BillState[] = [
  'received',
  'proposed',
  'certified',
  'anchored',
  'final',
  'needs-review',
  'rejected',
]
/** Columns of the names at the left, two blanks included. */
const NAME_COLUMNS = 11

/** True if the node told everything. */
export function isWhole(status: NodeStatus | BriefStatus): status is NodeStatus {
  return 'findings' in status
}

/** A node for people: what it does, and below what is wrong with it. */
export function statusLines(status: NodeStatus | BriefStatus, style: StatusStyle): string[] {
  const rows = [...briefRows(status), ...(isWhole(status) ? wholeRows(status) : [])]
  return [
    ...headLines(status, style),
    '',
    ...rows.flatMap(([name, text]) => rowLines(name, text, style)),
    ...(isWhole(status)
      ? findingLines(status, style)
      : wrap(NOT_WHOLE, style.width).map((text) => style.paint('gray', text))),
  ]
}

const NOT_WHOLE = '(a key with the scope admin shows queue, disk, payer and what is wrong)'

function headLines({ version, address, region, uptimeS, ready }: BriefStatus, style: StatusStyle): string[] {
  const state = ready ? style.paint('green', 'ready') : style.paint('red', 'not ready')
  const name = style.paint('bold', `auditor ${short(address)} of ${printable(region)}`)
  const rest = style.paint('gray', `up ${duration(uptimeS * 1_000)}, kWitness ${printable(version)}`)
  return [`${name}  ${state}`, rest]
}

type Row = readonly [name: string, text: string]

function briefRows({ committee, queue, anchorLag, chain }: BriefStatus): Row[] {
  const { alive, size, quorum } = committee
  const lag =
    anchorLag.claims === 0
      ? 'none'
      : `${grouped(anchorLag.claims)} claims, the oldest for ${duration(anchorLag.oldestMs)}`
  return [
    ['committee', `${alive} of ${size} auditors are here, quorum ${quorum}, margin ${alive - quorum}`],
    ['queue', `${grouped(queue)} bills wait to be proposed`],
    ['to anchor', lag],
    ['chain', chain.ok ? 'followed' : printable(chain.reason ?? 'not asked yet')],
  ]
}

function wholeRows({ peers, certified, bills, reviews, disk, payer, webhooks }: NodeStatus): Row[] {
  const counts = STATES.flatMap((state) => {
    const count = bills[state] ?? 0
    return count === 0 ? [] : [`${grouped(count)} ${state}`]
  })
  return [
    ['peers', `${peers.connected} connected, ${grouped(peers.refused)} turned away since the start`],
    ['certified', `${certified.perSecond.toFixed(1)} claims/s, ${grouped(certified.claims)} since the start`],
    ['bills', counts.length === 0 ? 'none' : counts.join(', ')],
    ...(reviews === 0 ? [] : [['reviews', `${grouped(reviews)} wait for people: kwitness review list`] as const]),
    ...(disk === undefined ? [] : [['disk', `${diskText(disk)}${usedText(disk.usedBytes)}`] as const]),
    ['payer', payerText(payer)],
    ...(webhooks === undefined || webhooks.total === 0 ? [] : [['webhooks', webhooksText(webhooks)] as const]),
  ]
}

function usedText(usedBytes: number | undefined): string {
  return usedBytes === undefined ? '' : `, the data takes ${sizeText(usedBytes)}`
}

function sizeText(bytes: number): string {
  return bytes < 1024 ** 3 ? `${(bytes / 1024 ** 2).toFixed(1)} MiB` : `${(bytes / 1024 ** 3).toFixed(1)} GiB`
}

function payerText(payer: NodeStatus['payer']): string {
  if (payer === undefined) return 'none: this auditor signs anchors, others send them'
  const { address, balanceWei, runwayAnchors, runwayDays } = payer
  if (balanceWei === undefined) return `${short(address)}, balance unknown: the endpoint does not answer`
  const known = `${short(address)} has ${etherText(BigInt(balanceWei))} ether`
  if (runwayAnchors === undefined || runwayDays === undefined) return known
  return `${known}: ${grouped(runwayAnchors)} anchors, ${runwayText(runwayDays)}`
}

function runwayText(days: number): string {
  return days > 3_650 ? 'more than ten years' : `${grouped(days)} days at this pace`
}

function webhooksText({ total, failing, disabled }: NonNullable<NodeStatus['webhooks']>): string {
  return `${grouped(total)}, ${grouped(failing)} failing, ${grouped(disabled)} switched off`
}

function findingLines({ findings }: NodeStatus, style: StatusStyle): string[] {
  if (findings.length === 0) return ['', style.paint('green', 'nothing is wrong')]
  return findings.flatMap(({ level, code, message, remedy }) => {
    const mark = level === 'alarm' ? 'ALARM' : 'warning'
    const [first = '', ...more] = wrap(`${mark} ${code}: ${printable(message)}`, style.width)
    const paint = (text: string): string => style.paint(level === 'alarm' ? 'red' : 'yellow', text)
    const fix = wrap(printable(remedy), Math.max(style.width - 2, 1)).map((text) => `  ${text}`)
    return ['', paint(first), ...more.map(paint), ...fix]
  })
}

function rowLines(name: string, text: string, style: StatusStyle): string[] {
  const [first = '', ...more] = wrap(text, Math.max(style.width - NAME_COLUMNS, 1))
  const head = style.paint('gray', name.padEnd(NAME_COLUMNS))
  return [`${head}${first}`, ...more.map((line) => `${' '.repeat(NAME_COLUMNS)}${line}`)]
}

/** The first and last digits of an address; the whole one is in `--json`. */
function short(address: string): string {
  return address.length <= 12 ? address : `${address.slice(0, 6)}…${address.slice(-4)}`
}

/** A time with two units: `3 d 4 h`. */
function duration(ms: number): string {
  const seconds = Math.floor(ms / 1_000)
  const units = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ] as const
  const at = units.findIndex(([size]) => seconds >= size)
  const shown = at === -1 ? units.slice(-1) : units.slice(at, at + 2)
  let rest = seconds
  const words = shown.map(([size, name]) => {
    const count = Math.floor(rest / size)
    rest -= count * size
    return `${count} ${name}`
  })
  return words.filter((word, i) => i === 0 || !word.startsWith('0 ')).join(' ')
}
