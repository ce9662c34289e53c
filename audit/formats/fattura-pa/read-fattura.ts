import { supplierIdOf } from '../einvoice/identifiers.ts'
import type { Invoice, InvoiceLine, ItemProperty, PrintedPeriod, PrintedQuantity } from '../einvoice/model.ts'
import { placeInLine, textOf, XmlPath } from '../einvoice/xml-path.ts'
import { unsupported } from '../refusal.ts'
import { placeOf } from '../xml-reader.ts'
import type { XmlElement } from '../xml-reader.ts'
import { unitCodeOf } from './units.ts'
import { findUnreadPeriod } from '../einvoice/unread-period.ts'

/** Namespaces of FatturaPA 1.1 and 1.2; its inner elements have none. */
const NAMESPACES: ReadonlySet<string> = new Set([
  'http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2',
  'http://www.fatturapa.gov.it/sdi/fatturapa/v1.1',
])
/** Values of `FormatoTrasmissione`: invoices to public bodies, and between private parties. */
const TRANSMISSIONS: ReadonlySet<string> = new Set(['FPA12', 'FPR12', 'SDI11'])
/** Names of other data (`TipoDato`, at most ten characters) that hold the customer's number. */
const ACCOUNT_DATA: ReadonlySet<string> = new Set([
  'CLIENTE',
  'CODCLI',
  'CODCLIENTE',
  'COD_CLI',
  'NUMCLI',
  'N_CLIENTE',
  'CONTO',
])
/** The last day of a period belongs to it (FatturaPA 1.2.2, 2.2.1.7 and 2.2.1.8). */
const INCLUSIVE = { isInclusive: true, basis: 'printed-inclusive' } as const

/** True for the root of an ordinary FatturaPA invoice. */
export function isFattura({ uri, local }: { readonly uri: string; readonly local: string }): boolean {
  return local === 'FatturaElettronica' && NAMESPACES.has(uri)
}

/**
 * Invoices of a FatturaPA file: one header, one or more bodies.
 *
 * @throws {Refusal} ERR_BILL_FORMAT_UNKNOWN for another transmission format, ERR_BILL_NAMESPACE, ERR_BILL_UNSTATED for a
 *   doubled element.
 */
export function readFatture(root: XmlElement): readonly Invoice[] {
  const path = new XmlPath(new Set(['', root.uri]))
  const header = path.one(root, 'FatturaElettronicaHeader')
  const format = path.text(header, 'DatiTrasmissione', 'FormatoTrasmissione') ?? ''
  if (!TRANSMISSIONS.has(format)) {
    const message = `transmission format ${JSON.stringify(format.slice(0, 16))} is not FPA12 or FPR12`
    throw unsupported('ERR_BILL_FORMAT_UNKNOWN', message, placeOf(header ?? root))
  }
  const supplier = readSupplier(path, path.at(header, 'CedentePrestatore', 'DatiAnagrafici'))
  return path.all(root, 'FatturaElettronicaBody').map((body) => readBody(path, body, { format, supplier }))
}

function readBody(
  path: XmlPath,
  body: XmlElement,
  head: { readonly format: string; readonly supplier: Invoice['supplier'] },
): Invoice {
  const general = path.one(body, 'DatiGenerali')
  const document = path.one(general, 'DatiGeneraliDocumento')
  const lines = path.all(path.one(body, 'DatiBeniServizi'), 'DettaglioLinee')
  const number = path.text(document, 'Numero')
  const currency = path.text(document, 'Divisa')
  const payable = readPayable(path, body) ?? path.printed(document, 'ImportoTotaleDocumento')
  const account = readAccount(path, lines, general)
  const read = lines.map((line) => readLine(path, line))
  return {
    element: body.local,
    place: placeOf(body),
    profile: `fattura-pa ${head.format}`,
    ...(number === undefined ? {} : { number }),
    typeCode: path.text(document, 'TipoDocumento') ?? '',
    isCreditNote: false,
    isTest: false,
    precedes: path
      .all(general, 'DatiFattureCollegate')
      .map((linked) => path.text(linked, 'IdDocumento'))
      .filter((id) => id !== undefined),
    ...(currency === undefined ? {} : { currency }),
    ...(payable === undefined ? {} : { payable }),
    supplier: head.supplier,
    ...(account === undefined ? {} : { account }),
    notes: path.texts(document, 'Causale'),
    ...findUnreadPeriod(body, { lines: read }),
    endDate: INCLUSIVE,
    points: [],
    lines: read,
    metered: [],
  }
}

function readLine(path: XmlPath, line: XmlElement): InvoiceLine {
  const id = path.text(line, 'NumeroLinea')
  const figure = path.printed(line, 'Quantita')
  const quantity: PrintedQuantity | undefined =
    figure === undefined ? undefined : { ...figure, unitCode: unitCodeOf(path.text(line, 'UnitaMisura')) }
  const period = readPeriod(path, line)
  const price = path.printed(line, 'PrezzoUnitario')
  const amount = path.printed(line, 'PrezzoTotale')
  // A discount changes the price of one unit in a way of its own: such a line proves nothing about its quantity.
  const isPlain = path.all(line, 'ScontoMaggiorazione').length === 0
  const codes = path.all(line, 'CodiceArticolo').map((code) => ({
    list: path.text(code, 'CodiceTipo') ?? '',
    code: path.text(code, 'CodiceValore') ?? '',
  }))
  return {
    id: id ?? '',
    element: line.local,
    place: placeInLine(line, id),
    ...(quantity === undefined ? {} : { quantity }),
    texts: path.texts(line, 'Descrizione'),
    notes: [],
    codes,
    properties: [...codes.map(({ list, code }) => ({ name: list, value: code })), ...readOtherData(path, line)],
    ...(period === undefined ? {} : { period }),
    ...(price === undefined || !isPlain ? {} : { price: { amount: price } }),
    ...(amount === undefined ? {} : { amount }),
    charges: [],
  }
}

function readOtherData(path: XmlPath, line: XmlElement): readonly ItemProperty[] {
  return path.all(line, 'AltriDatiGestionali').map((data) => ({
    name: path.text(data, 'TipoDato') ?? '',
    value: path.text(data, 'RiferimentoTesto') ?? '',
  }))
}

function readPeriod(path: XmlPath, line: XmlElement): PrintedPeriod | undefined {
  const [start, end] = [path.printed(line, 'DataInizioPeriodo'), path.printed(line, 'DataFinePeriodo')]
  return start === undefined || end === undefined ? undefined : { start, end }
}

/** The amount of the only payment; with rates, the total of the document is what is to be paid. */
function readPayable(path: XmlPath, body: XmlElement): Invoice['payable'] {
  const payments = path.all(body, 'DatiPagamento').flatMap((terms) => path.all(terms, 'DettaglioPagamento'))
  const [only] = payments
  return payments.length === 1 ? path.printed(only, 'ImportoPagamento') : undefined
}

/** Number of the customer or, where it is the only one, of the contract. */
function readAccount(path: XmlPath, lines: readonly XmlElement[], general: XmlElement | undefined): string | undefined {
  const named = lines
    .flatMap((line) => readOtherData(path, line))
    .filter(({ name, value }) => value !== '' && ACCOUNT_DATA.has(name.toUpperCase()))
  const accounts = new Set(named.map(({ value }) => value))
  const contracts = new Set(path.all(general, 'DatiContratto').map((contract) => path.text(contract, 'IdDocumento')))
  const [only] = accounts.size > 0 ? accounts : contracts
  return accounts.size > 1 || (accounts.size === 0 && contracts.size > 1) ? undefined : only
}

function readSupplier(path: XmlPath, person: XmlElement | undefined): Invoice['supplier'] {
  const country = path.text(person, 'IdFiscaleIVA', 'IdPaese')
  const code = path.text(person, 'IdFiscaleIVA', 'IdCodice')
  const id = country === undefined || code === undefined ? undefined : supplierIdOf('vat', country + code)
  const names = path.one(person, 'Anagrafica')
  const own = [path.text(names, 'Nome'), path.text(names, 'Cognome')].filter((text) => text !== undefined).join(' ')
  const name = textOf(path.one(names, 'Denominazione')) ?? own
  return { ...(id === undefined ? {} : { id }), ...(name === '' ? {} : { name }) }
}
