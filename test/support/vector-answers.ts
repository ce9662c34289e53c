import assert from 'node:assert/strict'
import type { Vector } from '#audit'
import { parseRational } from '#protocol'

/** Answer of a golden vector that is no refusal. */
export type Answer = Exclude<Vector['expect'], { error: unknown }>

/** What an answer reaches, in words. */
export function wordsOf(expect: Answer): string[] {
  if ('upstream' in expect) {
    return [
      `level ${expect.level}`,
      `found by ${expect.foundBy}`,
      `apportioned ${expect.apportioned}`,
      ...expect.flags.map((flag) => `flag ${flag}`),
      ...expect.upstream.map(({ name }) => `line ${name}`),
      ...(expect.market?.parts ?? []).map(({ source }) => `market ${source}`),
      ...expect.parts.map(({ vintage }) => `vintage ${vintage}`),
    ]
  }
  return [
    ...expect.flags.map((flag) => `flag ${flag}`),
    ...expect.conversions.map(({ why }) => `conversion ${why}`),
    ...expect.parts.flatMap(({ terms }) => terms.map(({ gas }) => `gas ${gas}`)),
  ]
}

/** Every fraction of an answer with its whole grams. */
export function figuresOf(expect: Answer): { exact: string; grams: string }[] {
  const figure = ({ exact, gramsCO2e }: { exact: string; gramsCO2e: string }): { exact: string; grams: string } => {
    return { exact, grams: gramsCO2e }
  }
  if ('upstream' in expect) {
    return [expect, ...expect.upstream, ...(expect.market === undefined ? [] : [expect.market])].map(figure)
  }
  const { biogenicCO2, wellToTank } = expect
  return [
    figure(expect),
    ...(biogenicCO2 === undefined ? [] : [biogenicCO2]),
    ...(wellToTank === undefined ? [] : [figure(wellToTank)]),
  ]
}

/** A fraction that is not negative, rounded to a whole number by integers alone. */
export function roundedText(exact: string, how: 'half-even' | 'half-up' | 'half-down' | 'down' | 'up'): string {
  const { n, d } = parseRational(exact)
  const [whole, rest] = [n / d, n % d]
  const isTie = 2n * rest === d
  const isUp = {
    'half-even': 2n * rest > d || (isTie && whole % 2n === 1n),
    'half-up': 2n * rest >= d,
    'half-down': 2n * rest > d,
    down: false,
    up: rest > 0n,
  }[how]
  return (isUp ? whole + 1n : whole).toString()
}

/** The value with one leaf changed, once for each leaf and once for each field left out. */
export function* changedOnce(value: unknown): Generator {
  if (typeof value === 'string') yield `${value}1`
  else if (typeof value === 'number') yield value + 1
  else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      for (const changed of changedOnce(item)) yield value.with(index, changed)
      yield value.toSpliced(index, 1)
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, field] of Object.entries(value)) {
      for (const changed of changedOnce(field)) yield { ...value, [name]: changed }
      yield Object.fromEntries(Object.entries(value).filter(([other]) => other !== name))
    }
  }
}

/** Files with one well-formed vector spoiled in one place each. */
export function listMalformed(vectors: readonly Vector[]): [string, string][] {
  const spoil = (name: string, change: (expect: Record<string, unknown>) => unknown): string => {
    const vector = vectors.find((some) => some.name === name)
    assert.ok(vector !== undefined, name)
    return JSON.stringify([{ ...vector, expect: change({ ...vector.expect }) }])
  }
  const without = (expect: Record<string, unknown>, field: string): unknown =>
    Object.fromEntries(Object.entries(expect).filter(([name]) => name !== field))
  const electricity = 'certificate, contract and supplier rate'
  const gas = 'gas in the uk by cubic metres'
  const fields = ['gramsCO2e', 'exact', 'parts', 'level', 'foundBy', 'apportioned', 'flags', 'upstream']
  const gasFields = ['gramsCO2e', 'exact', 'parts', 'conversions', 'flags']
  return [
    ...fields.map((field): [string, string] => [`no ${field}`, spoil(electricity, (e) => without(e, field))]),
    ...gasFields.map((field): [string, string] => [`no ${field} of gas`, spoil(gas, (e) => without(e, field))]),
    ['another field', spoil(electricity, (e) => ({ ...e, note: '' }))],
    ['grams as a number', spoil(electricity, (e) => ({ ...e, gramsCO2e: 1 }))],
    ['grams with a fraction', spoil(electricity, (e) => ({ ...e, gramsCO2e: '1.5' }))],
    ['a fraction as a decimal', spoil(electricity, (e) => ({ ...e, exact: '0.5' }))],
    ['another level', spoil(electricity, (e) => ({ ...e, level: 'zip' }))],
    ['no part', spoil(electricity, (e) => ({ ...e, parts: [] }))],
    ['parts of gas in electricity', spoil(electricity, (e) => ({ ...e, conversions: [] }))],
    ['an error with a message', spoil('unknown state', () => ({ error: { code: 'ERR_X', message: '' } }))],
    ['an error of another form', spoil('unknown state', () => ({ error: { code: 'oops' } }))],
  ]
}
