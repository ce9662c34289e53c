import assert from 'node:assert/strict'
import fc from 'fast-check'
import { addDecimals, compareDecimals, formatDecimal, makeDecimal, parseDecimal, scaleDecimal } from '#protocol'
import type { Decimal } from '#protocol'

const decimals: fc.Arbitrary<Decimal> = fc
  .tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.integer({ min: -14, max: 14 }))
  .map(([u, e]) => makeDecimal(u, e))

describe('decimal', () => {
  it('reads plain texts exactly and in one normal form', () => {
    assert.deepEqual(parseDecimal('250.50'), { u: 2505n, e: -1 })
    assert.deepEqual(parseDecimal('250.5'), parseDecimal('0250.500'))
    assert.deepEqual(parseDecimal('1000'), { u: 1n, e: 3 })
    assert.deepEqual(parseDecimal('-0.00'), { u: 0n, e: 0 })
    assert.deepEqual(parseDecimal('0.00000000000001'), { u: 1n, e: -14 })
  })

  it('refuses every other form of a number', () => {
    const forms = ['', ' 1', '1 ', '+1', '1e3', '1E3', '1_000', '1,000', '.5', '5.', '1.2.3', '--', '-', '0x1F', 'NaN']
    for (const text of [...forms, 'Infinity', '٣', '０', '1\n', '9'.repeat(65)]) {
      assert.throws(() => parseDecimal(text), { code: 'ERR_VALUE_DECIMAL' }, JSON.stringify(text))
    }
  })

  it('prints what it reads back', () => {
    fc.assert(
      fc.property(decimals, (value) => {
        assert.deepEqual(parseDecimal(formatDecimal(value)), value)
      }),
    )
    assert.equal(formatDecimal(makeDecimal(-5n, -3)), '-0.005')
  })

  it('adds in any order to the same number', () => {
    fc.assert(
      fc.property(decimals, decimals, decimals, (a, b, c) => {
        assert.deepEqual(addDecimals(addDecimals(a, b), c), addDecimals(a, addDecimals(c, b)))
      }),
    )
    assert.equal(formatDecimal(addDecimals(parseDecimal('0.1'), parseDecimal('0.2'))), '0.3')
  })

  it('orders and scales by value', () => {
    assert.ok(compareDecimals(parseDecimal('-2'), parseDecimal('-1.99')) < 0)
    assert.ok(compareDecimals(parseDecimal('10'), parseDecimal('9.999')) > 0)
    assert.equal(compareDecimals(parseDecimal('1.0'), parseDecimal('1')), 0)
    assert.equal(formatDecimal(scaleDecimal(parseDecimal('1.5'), -5)), '0.000015')
  })
})
