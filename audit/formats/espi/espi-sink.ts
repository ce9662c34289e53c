import { EXTRACTION_LIMITS } from '../limits.ts'
import { rejection } from '../refusal.ts'
import { placeOf, XmlTree } from '../xml-reader.ts'
import type { XmlElement } from '../xml-reader.ts'
import type { XmlSink, XmlTag } from '../xml-scan.ts'
import { ReadingScanner } from './reading-scanner.ts'
import type { BlockReadings } from './reading-scanner.ts'
import { isOwnNamespace } from './roots.ts'

/** Elements that carry facts: in a foreign namespace they are a trap, not an extension. */
const READ_NAMES: ReadonlySet<string> = new Set(
  (
    'feed entry content link UsagePoint ServiceCategory kind roleFlags MeterReading ReadingType uom powerOfTenMultiplier ' +
    'flowDirection accumulationBehaviour commodity currency dataQualifier defaultQuality intervalLength tou ' +
    'consumptionTier cpp IntervalBlock interval IntervalReading timePeriod start duration value ReadingQuality quality ' +
    'UsageSummary ElectricPowerUsageSummary billingPeriod overallConsumptionLastPeriod ' +
    'currentBillingPeriodOverAllConsumption billLastPeriod qualityOfReading tariffRiderRefs tariffRiderRef riderType ' +
    'enrollmentStatus effectiveDate LocalTimeParameters TimeConfiguration tzOffset ServiceLocation mainAddress ' +
    'townDetail country stateOrProvince postalCode CustomerAccount accountId Meter serialNumber'
  ).split(' '),
)

/** Called with each Atom entry when it ends; the entry is dropped afterwards. */
export type TakeEntry = (entry: XmlElement, readingsOf: (block: XmlElement) => BlockReadings) => void

const NO_READINGS: BlockReadings = { readings: [], untimed: [] }

/**
 * Takes a Green Button file apart while it is read: readings become records at once, entries are handed on one by one,
 * and elements of foreign namespaces are stepped over with all that is in them.
 */
export class EspiSink implements XmlSink {
  readonly #tree: XmlTree
  readonly #scanner = new ReadingScanner()
  #readings = new Map<XmlElement, BlockReadings>()
  #entries = 0
  /** Open elements of a foreign namespace, and what is inside of them. */
  #foreign = 0

  constructor(takeEntry: TakeEntry) {
    this.#tree = new XmlTree({
      keep: (element, parent) => {
        if (element.local !== 'entry' || parent === undefined || parent !== this.#tree.root) return true
        this.#entries += 1
        if (this.#entries > EXTRACTION_LIMITS.atomEntries) {
          throw rejection('ERR_BILL_TOO_LARGE', `more than ${EXTRACTION_LIMITS.atomEntries} entries`, placeOf(element))
        }
        takeEntry(element, (block) => this.readingsOf(block))
        this.#readings = new Map()
        return false
      },
    })
  }

  /** The first element of the file; entries of a feed are no longer in it. */
  get root(): XmlElement | undefined {
    return this.#tree.root
  }

  /** Readings of a block that is not in an entry of a feed. */
  readingsOf(block: XmlElement): BlockReadings {
    return this.#readings.get(block) ?? NO_READINGS
  }

  open(tag: XmlTag, line: number, column: number): void {
    if (this.#foreign > 0 || !isOwnNamespace(tag.uri)) {
      this.#openForeign(tag, line, column)
      return
    }
    if (this.#scanner.isOpen) {
      this.#scanner.open(tag.local, line, column)
      return
    }
    const block = this.#tree.current
    if (tag.local === 'IntervalReading' && block?.local === 'IntervalBlock') {
      let into = this.#readings.get(block)
      if (into === undefined) this.#readings.set(block, (into = { readings: [], untimed: [] }))
      this.#scanner.begin(into, line, column)
      return
    }
    this.#tree.open(tag, line, column)
  }

  text(piece: string): void {
    if (this.#foreign > 0) return
    if (this.#scanner.isOpen) this.#scanner.text(piece)
    else this.#tree.text(piece)
  }

  close(): void {
    if (this.#foreign > 0) this.#foreign -= 1
    else if (this.#scanner.isOpen) this.#scanner.close()
    else this.#tree.close()
  }

  #openForeign(tag: XmlTag, line: number, column: number): void {
    if (this.#foreign === 0 && READ_NAMES.has(tag.local)) {
      const message = `<${tag.local}> is in the foreign namespace ${JSON.stringify(tag.uri.slice(0, 80))}`
      throw rejection('ERR_BILL_NAMESPACE', message, { line, column, path: tag.local })
    }
    this.#foreign += 1
  }
}
