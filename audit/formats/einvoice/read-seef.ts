import { rejection } from '../refusal.ts'
import { placeOf } from '../xml-reader.ts'
import type { XmlElement } from '../xml-reader.ts'
import type { Meter, MeteredPoint, MeterReading, PrintedPeriod } from './model.ts'
import { countryCode, UBL_COMMON } from './ubl-parts.ts'
import { printedOf, textOf, XmlPath } from './xml-path.ts'

/** Namespaces of the Standaard Energie eFactuur, one for each version: `…:ver1.0.0` to `…:ver3.1` and later. */
const SEEF = /^urn:www\.energie-efactuur\.nl:profile:invoice:ver[0-9]+(?:\.[0-9]+){1,2}$/

/**
 * Metering points of SEeF's extension (energie-efactuur.nl, versions 1.0 to 3.1), with meters, readings and fuel mix.
 *
 * @throws {Refusal} ERR_BILL_NAMESPACE, ERR_BILL_UNSTATED for a doubled element.
 */
export function readSeefPoints(ubl: XmlPath, root: XmlElement): readonly MeteredPoint[] {
  const contents = ubl
    .all(ubl.one(root, 'UBLExtensions'), 'UBLExtension')
    .flatMap((extension) => ubl.all(extension, 'ExtensionContent'))
    .flatMap(({ children }) => children)
  return contents.flatMap((content) => {
    // Version 1.0 has no wrapper around its points.
    const isKnown = content.local === 'SEEFExtensionWrapper' || content.local === 'UtilityConsumptionPoint'
    if (!isKnown) return []
    if (!SEEF.test(content.uri)) {
      const message = `<${content.local}> has the namespace ${JSON.stringify(content.uri.slice(0, 80))}, which is not SEeF's`
      throw rejection('ERR_BILL_NAMESPACE', message, placeOf(content))
    }
    const path = new XmlPath(new Set([...UBL_COMMON, content.uri]))
    const points =
      content.local === 'UtilityConsumptionPoint' ? [content] : path.all(content, 'UtilityConsumptionPoint')
    return points.map((point) => readPoint(path, point))
  })
}

function readPoint(path: XmlPath, point: XmlElement): MeteredPoint {
  const id = path.text(point, 'ID')
  const code = path.text(point, 'Address', 'Country', 'IdentificationCode')
  const country = countryCode(code === undefined ? [] : [code])
  return {
    place: placeOf(point),
    ...(id === undefined ? {} : { point: id }),
    ...(country === undefined ? {} : { country }),
    meters: path.all(point, 'UtilityMeter').map((meter) => readMeter(path, meter)),
  }
}

/** A meter with its readings, as SEeF and UBL write them alike. @throws {Refusal} ERR_BILL_NAMESPACE, ERR_BILL_UNSTATED. */
export function readMeter(path: XmlPath, meter: XmlElement): Meter {
  const total = path.quantity(meter, 'TotalDeliveredQuantity')
  return {
    place: placeOf(meter),
    numbers: path.texts(meter, 'MeterNumber'),
    constants: path
      .all(meter, 'MeterConstant')
      .map(printedOf)
      .filter((constant) => constant !== undefined),
    readings: path.all(meter, 'MeterReading').map((reading) => readReading(path, reading)),
    ...(total === undefined ? {} : { total }),
  }
}

function readReading(path: XmlPath, reading: XmlElement): MeterReading {
  const previous = path.quantity(reading, 'PreviousMeterQuantity')
  const latest = path.quantity(reading, 'LatestMeterQuantity')
  // Gas is billed at normal conditions: the corrected volume is no difference of two readings.
  const corrected = path.quantity(reading, 'CorrectedConsumptionQuantity')
  const consumed =
    corrected ?? path.quantity(reading, 'ConsumptionQuantity') ?? path.quantity(reading, 'DeliveredQuantity')
  const period = readDates(path, reading)
  const methods = ['PreviousMeterReadingMethod', 'LatestMeterReadingMethod'].flatMap((name) => [
    path.text(reading, name) ?? '',
    path.text(reading, `${name}Code`) ?? '',
  ])
  return {
    place: placeOf(reading),
    register: path.text(reading, 'MeterReadingTypeCode') ?? path.text(reading, 'MeterReadingType') ?? '',
    ...(previous === undefined || corrected !== undefined ? {} : { previous }),
    ...(latest === undefined ? {} : { latest }),
    ...(consumed === undefined ? {} : { consumed }),
    ...(period === undefined ? {} : { period }),
    isEstimated: methods.some((method) => /estimat|beregnet|sk(?:ø|o)nnet|geschat/i.test(method)),
    fuels: path.all(path.one(reading, 'FuelMix'), 'FuelType').flatMap((fuel) => {
      const percent = path.printed(fuel, 'Percentage')
      const code = textOf(path.one(fuel, 'FuelTypeCode'))
      return percent === undefined || code === undefined ? [] : [{ code, percent }]
    }),
  }
}

function readDates(path: XmlPath, reading: XmlElement): PrintedPeriod | undefined {
  const start = path.printed(reading, 'PreviousMeterReadingDate')
  const end = path.printed(reading, 'LatestMeterReadingDate')
  return start === undefined || end === undefined ? undefined : { start, end }
}
