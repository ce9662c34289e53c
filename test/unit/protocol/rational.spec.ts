import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  addRationals,
  compareRationals,
  decimalOfRational,
  divideRationals,
  formatDecimal,
  formatRational,
  makeRational,
  multiplyRationals,
  parseRational,
  rationalOfDecimal,
  parseDecimal,
  roundHalfEven,
  subtractRationals,
} from '#protocol'
import type { Rational } from '#protocol'

const wholes = fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n })
const rationals: fc.Arbitrary<Rational> = fc
  .tuple(wholes, fc.bigInt({ min: 1n, max: 10n ** 12n }))
  .map(([n, d]) => makeRational(n, d))

describe('rational', () => {
  it('keeps lowest terms and a positive denominator', () => {
    assert.deepEqual(makeRational(6n, -4n), { n: -3n, d: 2n })
    assert.deepEqual(makeRational(0n, -7n), { n: 0n, d: 1n })
    assert.equal(formatRational(makeRational(10n, 2n)), '5/1')
    assert.throws(() => makeRational(1n, 0n), { code: 'ERR_VALUE_DIVISION' })
    assert.throws(() => divideRationals(makeRational(1n), makeRational(0n)), { code: 'ERR_VALUE_DIVISION' })
  })

  it('rounds a half to the even neighbour, below zero as well', () => {
    const cases: readonly [bigint, bigint, bigint][] = [
      [1n, 2n, 0n],
      [3n, 2n, 2n],
      [5n, 2n, 2n],
      [-1n, 2n, 0n],
      [-3n, 2n, -2n],
      [-5n, 2n, -2n],
      [7n, 3n, 2n],
      [8n, 3n, 3n],
      [-8n, 3n, -3n],
      [4n, 1n, 4n],
    ]
    for (const [n, d, expected] of cases) assert.equal(roundHalfEven(makeRational(n, d)), expected, `${n}/${d}`)
  })

  it('never rounds farther than a half', () => {
    fc.assert(
      fc.property(rationals, (value) => {
        const off = addRationals(value, makeRational(-roundHalfEven(value)))
        assert.ok(compareRationals(off, makeRational(1n, 2n)) <= 0)
        assert.ok(compareRationals(off, makeRational(-1n, 2n)) >= 0)
      }),
    )
  })

  it('distributes products over sums exactly', () => {
    fc.assert(
      fc.property(rationals, rationals, rationals, (a, b, c) => {
        const left = multiplyRationals(a, addRationals(b, c))
        assert.deepEqual(left, addRationals(multiplyRationals(a, b), multiplyRationals(a, c)))
      }),
    )
  })

  it('becomes a decimal only when its expansion ends', () => {
    assert.equal(decimalOfRational(makeRational(1n, 3n)), undefined)
    const eighth = decimalOfRational(makeRational(-1n, 8n))
    assert.equal(eighth && formatDecimal(eighth), '-0.125')
    assert.deepEqual(rationalOfDecimal(parseDecimal('-0.125')), makeRational(-1n, 8n))
  })

  it('undoes an addition by a subtraction exactly', () => {
    assert.deepEqual(subtractRationals(makeRational(1n, 3n), makeRational(1n, 2n)), makeRational(-1n, 6n))
    fc.assert(
      fc.property(rationals, rationals, (a, b) => {
        assert.deepEqual(addRationals(subtractRationals(a, b), b), a)
        assert.deepEqual(subtractRationals(a, a), { n: 0n, d: 1n })
        assert.deepEqual(subtractRationals(a, b), multiplyRationals(subtractRationals(b, a), makeRational(-1n)))
      }),
    )
  })

  it('is read back from its text', () => {
    fc.assert(fc.property(rationals, (value) => assert.deepEqual(parseRational(formatRational(value)), value)))
    assert.deepEqual(parseRational('-6/4'), { n: -3n, d: 2n })
    assert.deepEqual(parseRational('-0/7'), { n: 0n, d: 1n })
    assert.deepEqual(parseRational(`${'9'.repeat(400)}/1`), makeRational(10n ** 400n - 1n))
  })

  it('is not read from any other text', () => {
    const texts = ['', '1', '1/', '/2', '1/-2', '--1/2', '+1/2', ' 1/2', '1/2 ', '1 / 2', '1/2/3', '1.5/2', '1e3/2']
    for (const text of [...texts, '0x1/2', '\u0663/4', '1\n/2', '1/2\n', `1/${'1'.repeat(401)}`]) {
      assert.throws(() => parseRational(text), { code: 'ERR_VALUE_DECIMAL' }, text)
    }
    assert.throws(() => parseRational('1/0'), { code: 'ERR_VALUE_DIVISION' })
    assert.throws(() => parseRational('0/000'), { code: 'ERR_VALUE_DIVISION' })
  })
})
