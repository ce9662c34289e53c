import type { Commodity } from '#protocol'
import type { LineClass } from '../model.ts'

/** Version of all tables of this folder; any change of a row changes verdicts and is a new version. */
export const LINE_TABLES_VERSION = '1.2.0'

/** One row: what a line with these words is about. `words` as `matchWords` takes them. */
export type LineRule = {
  readonly is: Exclude<LineClass, 'rebate' | 'unknown'>
  readonly words: string
  readonly commodity?: Commodity
}

/**
 * What the words of a line say it is about; the first row that fits decides, so special words stand above general ones.
 * Words are normalised: no accents, lower case. Reviewed by language, not by sample.
 */
export const LINE_RULES: readonly LineRule[] = [
  // Never consumption, although in kWh: losses, reactive energy, last year, averages, budgets.
  {
    is: 'aside',
    words:
      'netzverlust*|perdite*|perdida*|losses|loss factor|*verlust|netverlies*|pertes|nettap*|nettab*|' +
      'blind*|reactive|reactiva|reattiva|reactif|reactieve|reativa|reaktiv*|bierna|' +
      'vorjahr*|vorjahres*|vorig jaar|last year|previous year|anno precedente|annee precedente|foregaende ar|' +
      'durchschnitt*|average|gemiddeld*|*prognose|forecast|beraknad arsforbrukning|forventet arsforbruk|' +
      'abschlag*|voorschot*|acompte*|a conto|aconto|budget|installment|instalment|prepayment|mensualite',
  },
  // Paid for what others feed in.
  {
    is: 'levy',
    commodity: 'electricity',
    words: 'feed in tariff levy|feed in tariff scheme levy|fit levy',
  },
  // What leaves the customer.
  {
    is: 'feed-in',
    words:
      '*einspeis*|eingespeist*|ruckspeis*|ruckgespeist*|rucklief*|ruckvergutung|uberschuss*|eeg vergutung|teruglevering*|teruggeleverd*|terugleveren|' +
      'invoeding*|injectie*|injection*|feed in*|feedin*|solar export*|solar credit*|solar buy*|solar rebate|export*|' +
      'buyback|net generation|surplus|vente d energie|energia immessa|immess*|immissione*|scambio sul posto|' +
      'ritiro dedicato|excedente*|autoconsumo compensado|inmatning*|innmating*|overskudd*|overskott*|overskudsproduktion|' +
      'plusskund*|mikroproduktion|elproduktion|solproduktion|sald el|solgt el|solgt kraft|solgt strom|salg af el|ylijaama*|' +
      'energia injetada|energia injectada|energie injectee|energia oddana|energia wprowadzona|vracena energie',
  },
  // Sewage and hot water stand beside fresh water with the same m3.
  {
    is: 'levy',
    commodity: 'water',
    words:
      'abwasser*|schmutzwasser*|niederschlagswasser*|kanal*|entwasserung*|afvalwater*|riool*|wastewater|waste water|' +
      'sewer*|sewage|drainage|assainissement|eaux usees|modernisation des reseaux|fognatura|depurazione|saneamiento|' +
      'alcantarillado|depuracion|spillvatten|spildevand*|avlop*|jatevesi',
  },
  // Levies that only electricity has; their kWh are those of the energy.
  {
    is: 'levy',
    commodity: 'electricity',
    words:
      '*stromsteuer*|eeg umlage|eeg|kwk*|19 stromnev*|stromnev*|offshore*|abschaltbare lasten*|ablav|elektrizitatsabgabe|' +
      'netzzuschlag|kev|swissgrid|stromreserve|winterreserve|cspe|ticfe|tcfe|tdcfe|elskatt*|elavgift*|elafgift*|' +
      'elcertifikat*|elsertifikat*|forbruksavgift pa kraft|sahkovero*|groenestroombijdrage|systeemdiensten*|' +
      'dan z elektriny|impuesto electric*|impuesto sobre la electricidad|iee|asos|sdl',
  },
  { is: 'levy', commodity: 'gas', words: 'ticgn|erdgassteuer|gasspeicherumlage|marktraumumstellung*|slp umlage' },
  // Taxes, levies and certificates on whatever was delivered.
  {
    is: 'levy',
    words:
      '*steuer|*steuern|okosteuer*|*umlage|*umlagen|*abgabe|*abgaben|*forderbeitrag*|*forderpauschale*|systemdienstleistung*|' +
      'co2 preis*|co2 kosten*|co2 abgabe*|co2 umlage*|co2 bepreisung|behg*|emissionshandel*|' +
      'energiebelasting*|eb|ode|opslag*|heffing*|accijns*|bijzondere accijns|federale bijdrage|bijdrage*|' +
      'taxe*|accise*|contribution*|cta|certificats d economie*|cee|obligation capacite|mecanisme de capacite|' +
      'impost*|accis*|oneri*|addizional*|dispacciamento*|sbilanciamento*|mercato capacita|mercato della capacita|' +
      'impuesto*|bono social|cargos|gastos*|contribuic*|imposto*|taxa*|iec|' +
      '*skatt|*skatter|paslag*|*paslag|rorligt paslag|ursprungsgaranti*|fast paslag|' +
      'forbruksavgift*|enova*|opprinnelsesgaranti*|stromstotte*|*afgift|*afgifter|*bidrag|pso*|' +
      '*vero|huoltovarmuus*|alkupera*|' +
      '*tax|*taxes|levy|levies|*levy|climate change levy|ccl|renewables obligation|renewable energy certificate*|rec|recs|' +
      'cfd|capacity market|environmental*|large scale generation*|small scale technology*|lgc*|stc*|lret|sres|veec*|veet|' +
      'esc|escs|ess|essc*|reps|market charge*|market fee*|aemo*|ancillary*|carbon*|surcharge*|rider*|*adjustment factor|' +
      'fuel adjustment*|green power*|greenpower*|pso|' +
      'vergi*|*vergisi|fon|enerji fonu|trt payi|akcyza*|oplata oze|oplata kogeneracyjna|oplata mocowa|oplata jakosciowa|' +
      'acciza*|certificate verzi|contributi*|cogenerare*|systemove sluzby|dan|poze',
  },
  // Bought from the grid, as tenants with solar power are billed.
  { is: 'energy', commodity: 'electricity', words: 'netzbezug*|netzstrom*|reststrom*' },
  // Transport of the energy.
  {
    is: 'network',
    commodity: 'electricity',
    words:
      'nettleie*|energiledd*|overforing av kraft|eloverforing*|el overforing*|elnat*|el nat*|elnet*|eldistribution*|' +
      'getransporteerde kwh*|sahkonsiirto*|sahkon siirto*|turpe|nettarif c*|nettarif b*|duos|tuos|tnuos|dnuos|bsuos',
  },
  {
    is: 'network',
    words:
      'netznutzung*|netzentgelt*|netzkosten*|netz*|netzarbeit*|durchleitung*|transport*|transportdienst*|netbeheer*|' +
      'nettarief*|netvergoeding*|distributie*|capaciteitstarief|getransporteerd*|acheminement*|utilisation du reseau*|' +
      'distribu*|trasport*|gestione del contatore|tariffa di rete|vettoriamento*|peaje*|termino de acceso|atr|' +
      'acesso as redes|tarifa de acesso*|redes|overforing*|overforings*|natavgift*|natagift|transmission*|transmissie*|' +
      'nettarif*|systemtarif*|transmissionstarif*|siirto*|energiansiirto*|network*|delivery charge*|use of system*|' +
      'dagitim*|iletim*|dystrybuc*|oplata sieciowa*|oplata dystrybucyjna*|tarif distributie|tarif transport',
  },
  // Energy itself, by words that only electricity has.
  {
    is: 'energy',
    commodity: 'electricity',
    words:
      'wirkarbeit*|wirkenergie|wirkverbrauch|arbeitspreis strom|stromverbrauch*|stromlieferung*|strombezug*|stromarbeit*|' +
      'stromkosten|strompreis*|elforbrukning*|el forbrukning*|elforbruk*|elforbrug*|elhandel*|el handel*|elenergi*|' +
      'elpris*|elleverans*|stromforbruk*|electricity charge*|electricity usage*|electricity consumption|' +
      'elektriciteitsverbruik*|stroomverbruik*|levering elektriciteit*|levering stroom*|' +
      'energie active|energia attiva|energia activa|energia ativa|' +
      'active energy|sahkoenergia*|sahkon kulutus|energia czynna|energie activa|silova elektrina|' +
      'elektrik tuketim*|aktif enerji*',
  },
  {
    is: 'energy',
    words:
      'arbeitspreis*|*arbeitspreis|arbeit|arbeitsmenge|verbrauchspreis*|verbrauch*|*verbrauch|energiepreis*|' +
      'energielieferung*|*lieferung|*bezug|*menge|' +
      'verbruik*|*verbruik|levering*|leveringskosten|leveringstarief*|energielevering*|afname*|enkeltarief|normaaltarief|' +
      'daltarief|piektarief|hoogtarief|laagtarief|enkel tarief|' +
      'consommation*|fourniture*|part variable|terme variable|' +
      'materia energia|materia prima*|materia gas*|vendita*|componente energia|quota energia|quota variabile|consum*|' +
      'fornitura*|prezzo energia|' +
      'termino de energia|termino energia|facturacion energia|facturacion por energia|termino variable|coste energia|' +
      'suministro*|termo de energia|fornecimento*|' +
      'forbrukning*|rorligt elpris|fast elpris|rorligt pris|timpris*|spotpris*|energiavgift*|forbruk*|forbrug*|*forbrug|' +
      'kraftpris*|basispris|kulutus*|energiamaksu*|energian*|' +
      'usage*|consumption*|energy charge*|energy usage|unit charge*|unit rate*|units|commodity charge*|anytime*|' +
      'general usage|all day rate|controlled load*|peak|off peak|shoulder|generation charge*|supply of energy|kwh used|' +
      'enerji bedeli|spotreba*|zuzycie*|energiekost|energiekosten|energiecomponent*',
  },
  // A cap on the price of gas, by which power is made: its kWh are those of the power (Spain, 2022 to 2023).
  {
    is: 'levy',
    commodity: 'electricity',
    words: 'tope del gas|tope gas|tope al gas|compensacion gas|compensacion del gas|compensacion mecanismo*',
  },
  // Said of energy as well as of what is paid on it, so that words of energy beside them decide.
  {
    is: 'levy',
    words:
      '*aufschlag|*aufschlage|*zuschlag|*zuschlage|herkunftsnachweis*|dienstleistungsentgelt*|ausgleichsenergie*|' +
      'duty|duties|excise*|contract for difference*|contracts for difference*|guarantee* of origin|system benefit*|public purpose*|' +
      'garantie* van oorsprong|gvo|gvos|inkoopvergoeding*|garantie* d origine|obligation* de capacite|garantie* de capacite|' +
      'garanzi* di origine|garanzi* d origine|spread|arim|uc3|uc4|uc6|uc7|ug2|ug3|' +
      'garantia* de origen|mecanismo de ajuste*|mecanismo ajuste*|servicio* de ajuste*|desvios|tasa|tasas|pagos por capacidad|' +
      'rorliga kostnader|rorliga avgifter|rorlig avgift|*inkopskostnad*|profilkostnad*|balanskraft*|avgift|*avgift|*avgifter',
  },
  { is: 'network', words: '=reseau|=reseaux|=part reseau' },
]

/**
 * Words that only name what is sold. They make a line one of energy when nothing else of its name and description says
 * what it is: `Electricity` may be the heading of every line, taxes included.
 */
export const BARE_ENERGY_WORDS =
  'electricity|elektriciteit|electricite|energie electrique|energia elettrica|energia electrica|energia eletrica|' +
  'energie electrica|elektrik|elektrina|energie|energia|energi|energy|enerji|kraft|strom|gas|erdgas|aardgas|gaz|gas naturale|' +
  'gas natural|fernwarme|warme|warmte|fjernvarme|fjarrvarme|heat|wasser|water|vatten|vann|vand|eau|acqua|agua|=el|sahko'
