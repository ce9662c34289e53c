import { idAt, placeOfCell, quoted, refuseCell, secondAt, stampAt, textAt } from './cells.ts'
import type { MdffLine } from './cells.ts'
import { readNmi } from './nmi.ts'
import { isQuality } from './quality.ts'
import { idAtLong } from './read-days.ts'
import type { ReadAt, RegisterRead } from './records.ts'

/**
 * A 250 record: RecordIndicator, NMI, NMIConfiguration, RegisterID, NMISuffix, MDMDataStreamIdentifier,
 * MeterSerialNumber, DirectionIndicator, PreviousRegisterRead, its DateTime, QualityMethod, ReasonCode and Description,
 * CurrentRegisterRead and the same four, Quantity, UOM, NextScheduledReadDate, UpdateDateTime, MSATSLoadDateTime.
 *
 * @throws {Refusal} ERR_BILL_FIELD, ERR_BILL_DATE, ERR_BILL_FLOW, ERR_BILL_RECORDS.
 */
export function readRegister(row: MdffLine): RegisterRead {
  const direction = textAt(row, 7).toUpperCase()
  if (direction !== 'E' && direction !== 'I') {
    const message = `direction is neither E nor I: ${quoted(row, 7)}`
    throw refuseCell(row, 7, 'DirectionIndicator', ['ERR_BILL_FLOW', message])
  }
  const suffix = idAt(row, 4, 'NMISuffix').toUpperCase()
  if (!/^[A-Z\d]{2}$/.test(suffix)) {
    throw refuseCell(row, 4, 'NMISuffix', ['ERR_BILL_FIELD', `not a suffix: ${quoted(row, 4)}`])
  }
  return {
    nmi: readNmi(idAt(row, 1, 'NMI'), placeOfCell(row, 1, 'NMI')).nmi,
    configuration: idAtLong(row, 2),
    register: idAt(row, 3, 'RegisterID'),
    suffix,
    serial: idAt(row, 6, 'MeterSerialNumber'),
    uom: idAt(row, 19, 'UOM'),
    direction,
    previous: readAt(row, 8, 'Previous'),
    current: readAt(row, 13, 'Current'),
    quantity: textAt(row, 18),
    updated: stampAt(row, 21, 'UpdateDateTime'),
    place: placeOfCell(row, 0, '250'),
  }
}

function readAt(row: MdffLine, first: number, which: 'Previous' | 'Current'): ReadAt {
  const quality = textAt(row, first + 2).toUpperCase()
  if (!isQuality(quality)) {
    const message = `unknown quality ${quoted(row, first + 2)}`
    throw refuseCell(row, first + 2, `${which}QualityMethod`, ['ERR_BILL_RECORDS', message])
  }
  return {
    value: textAt(row, first),
    standardS: secondAt(row, first + 1, `${which}RegisterReadDateTime`),
    quality,
  }
}
