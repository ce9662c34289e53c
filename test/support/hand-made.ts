/*
 * Derivations that are put together by hand, for tests of what is shown of them.
 */
import {
  addRationals,
  isEnergy,
  makeDecimal,
  makeRational,
  multiplyRationals,
  parseDecimal,
  roundHalfEven,
  toGramsPerKWh,
} from '#protocol'
import type { Derivation, DerivationPart, Factor, Facts, Rational } from '#protocol'
import type { ExplainedElectricity } from '../../node/cli/explain/explained.ts'

/** A factor of a state that does not exist. */
export function handMadeFactor(fields: Partial<Factor> = {}): Factor {
  return {
    dataset: 'Example grid',
    version: 'Example grid 2022',
    regionType: 'state',
    region: 'EX',
    year: 2022,
    value: '800.125',
    unit: 'lb/MWh',
    method: 'location',
    use: 'generation',
    gas: 'CO2e',
    boundary: 'generation',
    gwpSet: 'AR5',
    trust: 'primary',
    cid: 'bafyexample',
    ...fields,
  }
}

/** A part of a derivation, of the year of its factor unless it says otherwise. */
export function handMadePart(kWh: Rational, factor: Factor, fields: Partial<DerivationPart> = {}): DerivationPart {
  return { year: factor.year, days: 10, kWh, factor, vintage: 'exact', ...fields }
}

/** Sum of kWh times factor, exactly. */
export function sumOfParts(parts: readonly { readonly kWh: Rational; readonly factor: Factor }[]): Rational {
  return parts
    .map(({ kWh, factor }) => multiplyRationals(kWh, toGramsPerKWh(parseDecimal(factor.value), factor.unit)))
    .reduce(addRationals, makeRational(0n))
}

/** A derivation that adds up. */
export function handMadeDerivation(parts: readonly DerivationPart[], fields: Partial<Derivation> = {}): Derivation {
  const exact = sumOfParts(parts)
  return {
    rules: 'rules-1',
    place: { country: 'US', state: 'EX' },
    kWh: parts.map(({ kWh }) => kWh).reduce(addRationals, makeRational(0n)),
    apportioned: parts.length === 1 ? 'one-year' : 'days',
    parts,
    level: 'state',
    foundBy: 'state',
    flags: [],
    exact,
    gramsCO2e: roundHalfEven(exact),
    upstream: [],
    ...fields,
  }
}

/** Facts of a bill over New Year's Eve. */
export function handMadeFacts(fields: Partial<Facts> = {}): Facts {
  return {
    v: 1,
    extractor: { id: 'example', version: '1.0.0' },
    format: 'example-1',
    commodity: 'electricity',
    point: 'EX-1',
    service: { start: '2022-12-22', end: '2023-01-11', basis: 'printed-exclusive' },
    import: { value: makeDecimal(1000n, 0), unit: 'kWh' },
    kind: 'actual',
    flags: ['self-stated'],
    sources: { import: 'column import', service: 'columns start, end' },
    ...fields,
  }
}

/** One bill to explain. */
export function handMadeBill(derivation: Derivation, facts: Facts = handMadeFacts()): ExplainedElectricity {
  const hash = new Uint8Array(32)
  return {
    format: facts.format,
    plainHash: '0x00',
    sizeBytes: 100,
    ordinal: 0,
    count: 1,
    examined: {
      kind: 'electricity',
      ordinal: 0,
      facts,
      factsHash: hash,
      derivation,
      derivationHash: hash,
      energy: isEnergy(facts.import) ? facts.import : { value: makeDecimal(0n, 0), unit: 'kWh' },
      isPlaceDeclared: facts.place === undefined,
      assurance: facts.place === undefined ? 'place-declared' : 'extracted',
      origin: 'unsigned',
    },
    vectors: 'bafyvectors',
    sets: [
      { name: 'example', title: 'Example', publisher: 'Example Office', licence: 'CC0-1.0', cid: 'bafyexample' },
      { name: 'losses', title: 'Losses', publisher: 'Example Office', licence: 'CC0-1.0', cid: 'bafylosses' },
    ],
  }
}
