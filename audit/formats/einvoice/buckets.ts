import { isEnergy } from '#protocol'
import type { Commodity } from '#protocol'
import { orderTexts } from '../order-texts.ts'
import { review } from '../refusal.ts'
import { documentRoleOf } from './corrections.ts'
import { findPointsInNotes, normalisePoint } from './identifiers.ts'
import type { MeteredLine } from './metered-lines.ts'
import type { Invoice } from './model.ts'
import { moneySignOf } from './money-sign.ts'
import { signOf } from './sums.ts'

/** Lines about one commodity at one metering point. */
export type Bucket = {
  readonly point?: string
  readonly commodity: Commodity
  /** Lines of consumption: what the sum is made of. */
  readonly counted: readonly MeteredLine[]
  readonly feedIn: readonly MeteredLine[]
  /** Lines that may only repeat the counted energy. */
  readonly others: readonly MeteredLine[]
  /** Volumes of gas beside its energy. */
  readonly hasVolumeBeside: boolean
}

/** All buckets of a document, and lines that belong to none of them for sure. */
export type Buckets = { readonly buckets: readonly Bucket[]; readonly loose: readonly MeteredLine[] }

/** A line that counts belongs nowhere for sure; lines that only repeat may stay without a place. */
const LOOSE = Symbol('loose')

/**
 * Sorts lines by point and commodity. A line without a point has that of its commodity, or of the document, if there is
 * only one.
 *
 * @throws {Refusal} ERR_BILL_UNSTATED when a line of consumption says neither what was delivered nor, among several
 *   points, where; ERR_BILL_LINES for feed-in that is paid by the customer.
 */
export function fillBuckets(invoice: Invoice, lines: readonly MeteredLine[]): Buckets {
  const used = lines.filter(({ meaning }) => meaning.is !== 'aside')
  const stated = pointsByCommodity(used)
  const header = distinct([
    ...invoice.points.map((point) => normalisePoint(point, invoice)),
    ...findPointsInNotes(invoice.notes).map((point) => normalisePoint(point, invoice)),
  ])
  const groups = new Map<string, { point?: string; commodity: Commodity; lines: MeteredLine[] }>()
  const loose: MeteredLine[] = []
  for (const one of used) {
    const point = pointOf(one, stated, header)
    if (one.commodity === undefined || point === LOOSE) {
      if (isCountable(one)) refuse(one)
      loose.push(one)
      continue
    }
    const key = `${point ?? ''}\n${one.commodity}`
    const group = groups.get(key)
    if (group === undefined) {
      groups.set(key, { ...(point === undefined ? {} : { point }), commodity: one.commodity, lines: [one] })
    } else group.lines.push(one)
  }
  const ordered = [...groups].toSorted(([a], [b]) => orderTexts(a, b)).map(([, group]) => group)
  const buckets = ordered.map(bucketOf)
  if (documentRoleOf(invoice) === 'bill') buckets.forEach(checkMoney)
  return { buckets, loose }
}

function bucketOf(group: { point?: string; commodity: Commodity; lines: readonly MeteredLine[] }): Bucket {
  const { lines: all, ...key } = group
  const lines = all.map(withoutRebate)
  const energy = lines.filter(({ meaning }) => meaning.is === 'energy')
  const main = energy.length > 0 ? energy : lines.filter(({ meaning }) => meaning.is === 'network')
  const feedIn = lines.filter(({ meaning }) => meaning.is === 'feed-in')
  const chosen = main.some(({ metered }) => isEnergy(metered)) ? main.filter(({ metered }) => isEnergy(metered)) : main
  const taken = new Set([...main, ...feedIn])
  return {
    ...key,
    counted: chosen,
    feedIn,
    others: lines.filter((line) => !taken.has(line)),
    hasVolumeBeside: chosen.length < main.length,
  }
}

/**
 * A line that pays money back for energy takes none of it back: a price cap, a bonus, a discount. Nobody knows on which part
 * of the energy it is, so that it counts nothing and must say the same as the lines that do.
 */
function withoutRebate(one: MeteredLine): MeteredLine {
  const { meaning } = one
  const mayCount = meaning.is === 'energy' || meaning.is === 'network' || meaning.is === 'unknown'
  return mayCount && moneySignOf(one) * signOf(one.metered) < 0
    ? { ...one, meaning: { ...meaning, is: 'rebate' } }
    : one
}

/** @throws {Refusal} ERR_BILL_LINES when the customer pays for what it fed in: that is no feed-in, or not only one. */
function checkMoney({ feedIn }: Bucket): void {
  const charged = feedIn.find((one) => moneySignOf(one) > 0)
  if (charged === undefined || feedIn.some((one) => moneySignOf(one) < 0)) return
  const message = `line ${charged.line.id.slice(0, 40)} names what was fed in, and the customer pays for it`
  throw review('ERR_BILL_LINES', message, charged.line.place)
}

function pointOf(
  line: MeteredLine,
  stated: ReadonlyMap<Commodity | undefined, ReadonlySet<string>>,
  header: readonly string[],
): string | undefined | typeof LOOSE {
  if (line.ownPoint !== undefined) return line.ownPoint
  const own = [...(stated.get(line.commodity) ?? [])]
  if (own.length === 1) return own[0]
  if (own.length > 1) return LOOSE
  return header.length > 1 ? LOOSE : header[0]
}

function pointsByCommodity(lines: readonly MeteredLine[]): ReadonlyMap<Commodity | undefined, ReadonlySet<string>> {
  const stated = new Map<Commodity | undefined, Set<string>>()
  for (const { commodity, ownPoint } of lines) {
    if (ownPoint === undefined) continue
    const points = stated.get(commodity) ?? new Set()
    stated.set(commodity, points.add(ownPoint))
  }
  return stated
}

function isCountable({ meaning }: MeteredLine): boolean {
  return meaning.is === 'energy' || meaning.is === 'network' || meaning.is === 'feed-in'
}

function refuse({ line, commodity }: MeteredLine): never {
  const quantity = `${line.quantity?.text.slice(0, 40) ?? ''} ${line.quantity?.unitCode ?? ''}`
  const what =
    commodity === undefined
      ? 'the document does not say of which commodity; kWh are not always electricity'
      : 'the document names several metering points and does not say at which'
  throw review('ERR_BILL_UNSTATED', `line ${line.id.slice(0, 40)} bills ${quantity}, but ${what}`, line.place)
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)]
}
