/** Namespace of Atom (RFC 4287). */
const ATOM = 'http://www.w3.org/2005/Atom'

/** Namespaces of NAESB ESPI: usage, retail customer (REQ.21, 4.0 and drafts before it). */
const ESPI: ReadonlySet<string> = new Set([
  'http://naesb.org/espi',
  'http://naesb.org/espi/customer',
  'http://naesb.org/espi/cust',
])

/** Atom documents (RFC 4287, 2). */
const ATOM_ROOTS: ReadonlySet<string> = new Set(['feed', 'entry'])

/** Resources of ESPI usage that real exports also write without any namespace, and outside of an Atom entry. */
const PAYLOADS: ReadonlySet<string> = new Set([
  'UsagePoint',
  'MeterReading',
  'ReadingType',
  'IntervalBlock',
  'UsageSummary',
  'ElectricPowerUsageSummary',
  'ElectricPowerQualitySummary',
  'LocalTimeParameters',
  'TimeConfiguration',
])

/** True for namespaces whose elements are read; real exports also leave them out, or put ESPI elements into Atom's. */
export function isOwnNamespace(uri: string): boolean {
  return uri === '' || uri === ATOM || ESPI.has(uri)
}

/** True for the namespaces of NAESB. */
export function isEspiNamespace(uri: string): boolean {
  return ESPI.has(uri)
}

/** True for the first element of an Atom document. */
export function isAtomRoot(local: string): boolean {
  return ATOM_ROOTS.has(local)
}

/** True if a file with this first element is for the Green Button reader: Atom, or a resource of ESPI by itself. */
export function isEspiRoot(root: { readonly uri: string; readonly local: string }): boolean {
  if (ESPI.has(root.uri)) return true
  return isOwnNamespace(root.uri) && (ATOM_ROOTS.has(root.local) || PAYLOADS.has(root.local))
}
