/**
 * Registers and price blocks by the words of a line: lines of one charge that differ in them add up. The first row that
 * fits decides, and its words are left out when the names of two charges are compared.
 */
export const REGISTER_WORDS: readonly { readonly register: string; readonly words: string }[] = [
  { register: 'f23', words: 'f23|f2 f3|fascia f23|fasce f2 f3' },
  { register: 'f1', words: 'f1|fascia f1|fascia 1|ore di punta' },
  { register: 'f2', words: 'f2|fascia f2|fascia 2' },
  { register: 'f3', words: 'f3|fascia f3|fascia 3' },
  { register: 'p1', words: 'p1|periodo 1|periodo p1' },
  { register: 'p2', words: 'p2|periodo 2|periodo p2' },
  { register: 'p3', words: 'p3|periodo 3|periodo p3' },
  { register: 'p4', words: 'p4|periodo 4' },
  { register: 'p5', words: 'p5|periodo 5' },
  { register: 'p6', words: 'p6|periodo 6' },
  { register: 'hph', words: 'hph|hp hiver|heures pleines hiver|heures pleines saison haute|hpsh' },
  { register: 'hch', words: 'hch|hc hiver|heures creuses hiver|heures creuses saison haute|hcsh' },
  { register: 'hpe', words: 'hpe|hp ete|heures pleines ete|heures pleines saison basse|hpsb' },
  { register: 'hce', words: 'hce|hc ete|heures creuses ete|heures creuses saison basse|hcsb' },
  { register: 'hp', words: 'hp|heures pleines' },
  { register: 'hc', words: 'hc|heures creuses' },
  {
    register: 'low',
    words:
      'nt|niedertarif*|niedrigtarif*|schwachlast*|off peak*|offpeak*|dal|dalu*|daltarief|laag|laagtarief|nacht*|night*|natt*|' +
      'valle|hors pointe|fora de vazio e ponta|vazio|low tariff|lavlast*|lavpris*|yosahko',
  },
  { register: 'shoulder', words: 'shoulder*|llano|cheias|gunduz' },
  {
    register: 'high',
    words:
      'ht|hochtarif*|hochlast*|peak*|piek*|hoog|hoogtarief|punta|ponta|pointe|dagverbruik|dag|dagtid|day|day units|dagtarief|tagstrom|' +
      'high tariff|hojlast*|hoylast*|spidslast*|paivasahko|puant',
  },
  { register: 'single', words: 'eintarif*|einzeltarif|enkel|enkeltarief|normaaltarief|monorario|single rate' },
  { register: 'controlled', words: 'controlled load*|dedicated circuit|hot water circuit' },
  {
    register: 'block1',
    words: 'block 1|tier 1|step 1|first|erste*|1 stufe|zone 1|schijf 1|1 scaglione|tramo 1|blokk 1',
  },
  { register: 'block2', words: 'block 2|tier 2|step 2|next|2 stufe|zone 2|schijf 2|2 scaglione|tramo 2|blokk 2' },
  { register: 'block3', words: 'block 3|tier 3|step 3|remaining|balance|3 stufe|zone 3|schijf 3|3 scaglione|tramo 3' },
  { register: 'block4', words: 'block 4|tier 4|step 4|4 stufe|zone 4|schijf 4' },
]

/** Words after which a text tells what a price contains or leaves out: the rest of the text is about something else. */
export const ASIDE_WORDS =
  'inkl|inklusive|incl|inclusief|including|includes|exkl|exklusive|excl|exclusief|excluding|zzgl|zuzuglich|ohne|hors tax*|hors tva|compris|' +
  'comprises|incluso|incluidos|incluido|esclus*|before tax|vor steuern'

/** Words that say how a quantity was found. */
export const ESTIMATE_WORDS =
  'geschatzt*|hochgerechnet*|rechnerisch*|schatzung|estimated|estimate|estim*|geschat|schatting|beraknad forbrukning|uppskattad*|' +
  'stipulert*|estimert*|stimat*|stima|anslaet*|skonnet*|arvioit*|arvio|szacowan*|tahmini'
/** Words that say that somebody read the meter. */
export const ACTUAL_WORDS =
  'abgelesen*|ablesung*|gemessen*|actual read*|actual|meter reading|avlasning*|avlast|avlest*|malt|aflasning|aflest|' +
  'opgenomen|meterstand|rilevat*|effettiv*|lettura|releve*|index releve|lectura|leitura|real'
