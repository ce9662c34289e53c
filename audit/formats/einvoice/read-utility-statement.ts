import type { Commodity } from '#protocol'
import { placeOf } from '../xml-reader.ts'
import type { XmlElement } from '../xml-reader.ts'
import { READING_DATES } from './end-dates.ts'
import { supplierIdOf } from './identifiers.ts'
import { splitWords, WordTable } from './match-words.ts'
import type { Invoice, InvoiceLine, Meter, MeteredPoint, PrintedPeriod } from './model.ts'
import { readMeter } from './read-seef.ts'
import { countryCode, UBL, UBL_COMMON } from './ubl-parts.ts'
import { placeInLine, textOf, XmlPath } from './xml-path.ts'

/** Namespaces that OIOUBL gave its statement before UBL 2.1 had one. */
const OIOUBL = 'urn:oioubl:names:specification:oioubl:schema:xsd:'
const OIOUBL_COMMON = [`${OIOUBL}CommonAggregateComponents-2`, `${OIOUBL}CommonBasicComponents-2`]

/** Kinds of statements and readings (OIOUBL code lists `utilitystatementtypecode-1.0`, `meterreadingtypecode-1.0`). */
const COMMODITIES = new WordTable<{ readonly words: string; readonly commodity: Commodity }>([
  { words: 'electricity|el', commodity: 'electricity' },
  { words: 'gas|naturalgas|natural gas', commodity: 'gas' },
  { words: 'heating|heat|districtheating|district heating', commodity: 'heat' },
  { words: 'water', commodity: 'water' },
])

/** True for the root of a utility statement. */
export function isUtilityStatement({ uri, local }: { readonly uri: string; readonly local: string }): boolean {
  return local === 'UtilityStatement' && (uri === `${UBL}UtilityStatement-2` || uri === `${OIOUBL}UtilityStatement-2`)
}

/**
 * A utility statement (UBL 2.1, OIOUBL Guideline 35): the meters of each consumption point. What somebody expected to be
 * used, and what was used in earlier years, stands beside them and is not read.
 *
 * @throws {Refusal} ERR_BILL_NAMESPACE, ERR_BILL_UNSTATED for a doubled element.
 */
export function readUtilityStatement(root: XmlElement): Invoice {
  const path = new XmlPath(new Set([...UBL_COMMON, ...OIOUBL_COMMON, root.uri]))
  const consumptions = path.all(root, 'SubscriberConsumption')
  const sender = path.one(root, 'SenderParty')
  const [parent] = path.all(root, 'ParentDocumentReference')
  const number = path.text(parent, 'ID') ?? path.text(root, 'ID')
  const currency = path.text(root, 'DocumentCurrencyCode')
  const account = path.text(root, 'ReceiverParty', 'Contact', 'ID')
  const [only] = consumptions
  const payable = path.printed(
    consumptions.length === 1 ? only : undefined,
    'Consumption',
    'LegalMonetaryTotal',
    'PayableAmount',
  )
  const commodity = commodityOf(path.text(root, 'UtilityStatementTypeCode'))
  return {
    element: root.local,
    place: placeOf(root),
    profile: [path.text(root, 'CustomizationID'), path.text(root, 'ProfileID')].join(' '),
    ...(number === undefined ? {} : { number }),
    typeCode: '',
    isCreditNote: false,
    isTest: false,
    precedes: [],
    ...(currency === undefined ? {} : { currency }),
    ...(payable === undefined ? {} : { payable }),
    supplier: readSender(path, sender),
    ...(account === undefined ? {} : { account }),
    notes: path.texts(root, 'Note'),
    points: [],
    endDate: READING_DATES,
    lines: consumptions.flatMap((consumption) => readLines(path, consumption)),
    metered: consumptions.map((consumption) => readPoint(path, consumption, commodity)),
  }
}

function readSender(path: XmlPath, sender: XmlElement | undefined): Invoice['supplier'] {
  const [legal] = path.all(sender, 'PartyLegalEntity')
  const [named] = path.all(sender, 'PartyName')
  const name = path.text(legal, 'RegistrationName') ?? path.text(named, 'Name')
  const element = path.one(legal, 'CompanyID') ?? path.at(path.all(sender, 'PartyIdentification')[0], 'ID')
  const id = supplierIdOf(element?.attributes.get('schemeID'), textOf(element))
  return { ...(id === undefined ? {} : { id }), ...(name === undefined ? {} : { name }) }
}

function readPoint(path: XmlPath, consumption: XmlElement, stated: Commodity | undefined): MeteredPoint {
  const point = path.one(consumption, 'UtilityConsumptionPoint')
  const id = path.text(point, 'ID')
  const total = path.quantity(point, 'TotalDeliveredQuantity')
  const period = readMainPeriod(path, consumption)
  const code = path.text(point, 'Address', 'Country', 'IdentificationCode')
  const country = countryCode(code === undefined ? [] : [code])
  const meters = path.all(point, 'UtilityMeter').map((meter) => readMeter(path, meter))
  const commodity = stated ?? onlyCommodity(meters)
  const hasReadings = meters.some(({ readings }) => readings.length > 0)
  const place = placeOf(point ?? consumption)
  const summary: Meter | undefined =
    hasReadings || total === undefined
      ? undefined
      : {
          place,
          numbers: meters.length === 1 ? (meters[0]?.numbers ?? []) : [],
          constants: [],
          readings: [{ place: total.place, register: '', consumed: total, isEstimated: false, fuels: [] }],
        }
  return {
    place,
    ...(id === undefined ? {} : { point: id }),
    ...(commodity === undefined ? {} : { commodity }),
    ...(country === undefined ? {} : { country }),
    meters: summary === undefined ? meters : [summary],
    ...(total === undefined ? {} : { total }),
    ...(period === undefined ? {} : { period }),
  }
}

/** Lines of consumption, which must be what the meters counted; most statements bill them in pieces. */
function readLines(path: XmlPath, consumption: XmlElement): readonly InvoiceLine[] {
  const point = path.text(consumption, 'UtilityConsumptionPoint', 'ID')
  const period = readMainPeriod(path, consumption)
  return path
    .all(consumption, 'SupplierConsumption')
    .flatMap((supplier) => path.all(supplier, 'ConsumptionLine'))
    .map((line) => {
      const id = path.text(line, 'ID')
      const item = path.one(line, 'UtilityItem')
      const quantity = path.quantity(line, 'InvoicedQuantity')
      const amount = path.printed(line, 'LineExtensionAmount')
      const price = path.printed(line, 'Price', 'PriceAmount')
      const base = path.quantity(line, 'Price', 'BaseQuantity')
      return {
        id: id ?? '',
        element: line.local,
        place: placeInLine(line, id),
        ...(quantity === undefined ? {} : { quantity }),
        texts: [path.text(item, 'ConsumptionType'), ...path.texts(item, 'Description')].filter(
          (text) => text !== undefined,
        ),
        notes: [],
        codes: [],
        properties: [],
        ...(period === undefined ? {} : { period }),
        ...(point === undefined ? {} : { point }),
        ...(price === undefined ? {} : { price: { amount: price, ...(base === undefined ? {} : { base }) } }),
        ...(amount === undefined ? {} : { amount }),
        charges: [],
      }
    })
}

function readMainPeriod(path: XmlPath, consumption: XmlElement): PrintedPeriod | undefined {
  const period = path.at(consumption, 'Consumption', 'MainPeriod')
  const [start, end] = [path.printed(period, 'StartDate'), path.printed(period, 'EndDate')]
  return start === undefined || end === undefined ? undefined : { start, end }
}

function commodityOf(code: string | undefined): Commodity | undefined {
  return code === undefined ? undefined : COMMODITIES.find(splitWords(code))?.row.commodity
}

function onlyCommodity(meters: readonly Meter[]): Commodity | undefined {
  const named = new Set(meters.flatMap(({ readings }) => readings.map(({ register }) => commodityOf(register))))
  const [only] = named
  return named.size === 1 ? only : undefined
}
