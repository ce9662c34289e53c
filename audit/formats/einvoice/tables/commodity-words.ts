import type { Commodity } from '#protocol'

/**
 * Words that name a commodity. Rows are tried in order, and words that fit are taken out before the next row: electricity
 * for a heat pump is no heat. A line that names two commodities names none.
 */
export const COMMODITY_WORDS: readonly { readonly commodity: Commodity; readonly words: string }[] = [
  {
    commodity: 'electricity',
    words:
      'warmepumpe*|warmestrom*|heizstrom*|nachtspeicher*|gas and electric*|wasserkraft*|vattenkraft*|waterkracht*|' +
      'electric heat*|el varme|gasnetze*',
  },
  { commodity: 'heat', words: 'gas fired heat*|warmwasser*|heisswasser*|heizwasser*|hot water*' },
  {
    commodity: 'electricity',
    words:
      '*strom|strom*|elektri*|elektry*|elektro*|electri*|elettric*|eletric*|stroom*|courant|wirkarbeit*|blindarbeit*|' +
      'elforbruk*|elforbrug*|elhandel*|elnat*|elnet*|eloverforing*|elpris*|elavgift*|elafgift*|elenergi*|elcertifikat*|' +
      'elsertifikat*|elskatt*|eldistribution*|elabonnement*|elleverans*|el forbrukning*|el handel*|el nat*|el overforing*|' +
      'el avgift*|=el|elnat|nettleie*|energiledd*|sahko*|sahkon*|energie active|energia attiva|energia activa|energia ativa|' +
      'active energy|energia czynna|aktif enerji*|luce|cspe|ticfe|tcfe|turpe|getransporteerde kwh*|systeemdiensten*|' +
      'power consumption|nmi',
  },
  {
    commodity: 'gas',
    words:
      'gas|erdgas*|aardgas*|naturgas*|biogas*|biomethan*|gasarbeit*|gasverbrauch*|gasverbruik*|gaslieferung*|gaslevering*|' +
      'gaspreis*|gasgrundpreis*|gaspris*|gasforbrug*|gasbezug*|gaskosten*|gaz|metano|maakaasu*|dogalgaz*|ticgn|gazu|plyn',
  },
  {
    commodity: 'heat',
    words:
      '*fernwarme*|nahwarme*|warme*|*warme|warmemenge*|stadsverwarming*|warmte*|*warmte|verwarming*|fjarrvarme*|fjernvarme*|' +
      '*varme|varme*|kaukolampo*|chaleur|chauffage*|teleriscaldamento*|calore|calefaccion*|heat|heating|steam|dampf*',
  },
  {
    commodity: 'water',
    words:
      'wasser*|trinkwasser*|frischwasser*|abwasser*|schmutzwasser*|water|drinkwater*|waterverbruik*|waterlevering*|' +
      'kallvatten|vatten*|vann*|vand|vandforbrug*|vandafgift*|spildevand*|eau|eaux|acqua|agua|agua*|vesi|vesimaksu|sewer*|' +
      'wastewater|sewage',
  },
]

/** Codes of items that name a commodity; `list` as in UNTDID 7143 or by its common name, `prefix` of the code. */
export const COMMODITY_CODES: readonly {
  readonly lists: readonly string[]
  readonly prefix: string
  readonly commodity: Commodity
}[] = [
  // Standaard Energie eFactuur 2.0: SEeF:CommodityCodes.
  { lists: ['SEeF:CommodityCodes'], prefix: 'E', commodity: 'electricity' },
  { lists: ['SEeF:CommodityCodes'], prefix: 'G', commodity: 'gas' },
  // Common Procurement Vocabulary.
  { lists: ['STI', 'CPV'], prefix: '0931', commodity: 'electricity' },
  { lists: ['STI', 'CPV'], prefix: '6531', commodity: 'electricity' },
  { lists: ['STI', 'CPV'], prefix: '09123', commodity: 'gas' },
  { lists: ['STI', 'CPV'], prefix: '6521', commodity: 'gas' },
  { lists: ['STI', 'CPV'], prefix: '09323', commodity: 'heat' },
  { lists: ['STI', 'CPV'], prefix: '6511', commodity: 'water' },
  // Harmonised System.
  { lists: ['HS'], prefix: '2716', commodity: 'electricity' },
  { lists: ['HS'], prefix: '271121', commodity: 'gas' },
  // UNSPSC 83101800: electric utilities, as SEeF writes it on every line.
  { lists: ['TST', 'MP', 'ZZZ', 'UNSPSC'], prefix: '831018', commodity: 'electricity' },
]

/** Kinds of metering points, by names of item properties, that only one commodity has. */
export const POINT_COMMODITIES: readonly { readonly commodity: Commodity; readonly words: string }[] = [
  { commodity: 'electricity', words: '=pod|=mpan|=nmi|=icp|=pdl|=prm' },
  { commodity: 'gas', words: '=pdr|=pce|=mprn' },
]
