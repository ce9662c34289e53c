/**
 * Names of item properties whose value is the metering point, normalised; the first row that a line has decides. `form` is
 * what the value must look like where the name alone may mean something else: an EAN of 13 digits is one of goods.
 */
export const POINT_PROPERTIES: readonly { readonly names: string; readonly form?: RegExp }[] = [
  { names: 'marktlokation*|marktlokations id|malo*' },
  { names: 'zahlpunkt*|zahlpunktbezeichnung|messlokation*|melo*|zahlpunktnummer' },
  { names: 'ean|ean code|ean nummer|eancode|gs1|gln', form: /^[0-9]{18}$/ },
  { names: 'gsrn*|aansluiting*|malepunkt*|malepunktid|maalepunkt*|anlaggningsid*|anlaggnings id|matpunkt*' },
  { names: 'pod|punto di prelievo|punto di fornitura|pdr|pdl|prm|pce|point de livraison|cups' },
  {
    names:
      'mpan|mprn|nmi|icp|icp number|metering point*|meter point*|supply point*|usage point*|kayttopaikka*|ppe|eic|tesisat no|' +
      'tesisat numarasi',
  },
]

/** Names of item properties whose value is the number of the meter, normalised. */
export const METER_PROPERTIES =
  'zahlernummer|zahler nr|zahler|zahlernr|meternummer|meter nummer|meter number|meter no|meter serial*|matarnummer|matarnr|' +
  'malernummer|maler nr|maalernummer|numero de compteur|compteur|matricola|matricola contatore|numero contador|contador|mittari*'

/** Schemes (UNTDID 1153, GS1 and SEeF's) that make an object of a line or delivery a metering point. */
export const POINT_SCHEMES: ReadonlySet<string> = new Set(['AVE', 'EAN', 'GSRN', 'POD', 'NMI'])

/**
 * Forms in which a text names the point, which is the first group with the word in front. Written for the text as printed,
 * and only for forms that mean nothing else.
 */
export const POINT_TEXTS: readonly RegExp[] = [
  /(?:^|[^0-9A-Za-z])(NMI[: ]{1,2}[0-9A-HJ-NP-Z]{10,11})(?![0-9A-Za-z])/,
  /(?:^|[^0-9A-Za-z])(POD[: ]{1,2}IT[0-9]{3}E[0-9]{8}[0-9A-Z]?)(?![0-9A-Za-z])/,
  /(?:^|[^0-9A-Za-z])(ICP[: ]{1,2}[0-9]{10}[A-Z]{2}[0-9A-F]{3})(?![0-9A-Za-z])/,
  /(?:^|[^0-9A-Za-z])(MPAN[: ]{1,2}[0-9]{13})(?![0-9A-Za-z])/,
  /(?:^|[^0-9A-Za-z])(EAN[: ]{1,2}[0-9]{18})(?![0-9A-Za-z])/,
  /(?:^|[^0-9A-Za-z])(CUPS[: ]{1,2}ES[0-9]{16}[A-Z]{2}(?:[0-9][A-Z])?)(?![0-9A-Za-z])/,
]
/** Forms in which a text names the meter; the number is the first group. */
export const METER_TEXTS: readonly RegExp[] = [
  /(?:^|[^\p{L}])(?:[Mm]ätarn(?:umme)?r|[Mm]älern(?:umme)?r|[Mm]ålern(?:umme)?r)\.?:? ([0-9A-Z-]{4,24})(?![0-9A-Za-z])/u,
  /(?:^|[^\p{L}])(?:Zählernummer|Zähler-?Nr\.?|Meternummer|[Mm]eter (?:number|no\.?))[: ]{1,2}([0-9A-Z-]{4,24})(?![0-9A-Za-z])/u,
]

/** Names of one scheme of organisations in older profiles, and its ICD code (ISO 6523): one supplier has one id. */
export const SCHEME_ALIASES: ReadonlyMap<string, string> = new Map([
  ['NL:KVK', '0106'],
  ['NL:OIN', '0190'],
  ['DK:CVR', '0184'],
  ['NO:ORGNR', '0192'],
  ['SE:ORGNR', '0007'],
  ['GLN', '0088'],
  ['DUNS', '0060'],
  ['BE:EN', '0208'],
  ['BE:CBE', '0208'],
  ['FI:OVT', '0216'],
])
/** Schemes that name a channel and no organisation. */
export const CHANNEL_SCHEMES: ReadonlySet<string> = new Set(['EM', 'SEPA', 'AQ', 'AN', 'AU'])

/** Words that make a note speak of green electricity. */
export const GREEN_WORDS =
  'gron el|fornybar el|fornybar energi|vattenkraft|vindkraft|solkraft|okostrom*|grunstrom*|naturstrom*|erneuerbaren energien|' +
  'wasserkraft|windkraft|groene stroom|groene energie|duurzame energie|windenergie|green electricity|green energy|' +
  'renewable electricity|renewable energy|100 renewable|electricite verte|energie verte|energie renouvelable|energia verde|' +
  'fonti rinnovabili|energia rinnovabile|energia renovable|energias renovables|energia renovavel|gron strom|' +
  'vedvarende energi|vihrea sahko|uusiutuva*'
/** Words of laws and levies that a note names without calling anything green. */
export const GREEN_EXCEPTIONS = 'erneuerbare energien gesetz*|erneuerbaren energien gesetz*|opslag duurzame energie'

/** Identifications of a customer (`PartyIdentification/ID@schemeID`) that are not of a person or company: UBL-TR 1.2. */
export const CUSTOMER_SCHEMES: ReadonlyMap<string, 'point' | 'meter' | 'account'> = new Map([
  ['TESISATNO', 'point'],
  ['SAYACNO', 'meter'],
  ['ABONENO', 'account'],
])
