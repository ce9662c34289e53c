import assert from 'node:assert/strict'
import fc from 'fast-check'
import { divideFloor, numberOfBigint, parseInteger } from '#protocol'

const integers = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER })

describe('integer', () => {
  it('is read from plain digits, and never from what Number would take as well', () => {
    assert.equal(parseInteger('-0012'), -12)
    assert.ok(Object.is(parseInteger('-0'), 0))
    assert.equal(parseInteger('999999999999999'), 999_999_999_999_999)
    for (const text of ['', ' 1', '1 ', '+1', '1.0', '1e3', '0x10', '1_000', '1,106', '٢', '-', '1'.repeat(16)]) {
      assert.throws(() => parseInteger(text), { code: 'ERR_VALUE_INTEGER' }, text)
    }
  })

  it('comes from a big integer only where numbers have no gaps', () => {
    assert.equal(numberOfBigint(-(2n ** 53n - 1n)), Number.MIN_SAFE_INTEGER)
    assert.throws(() => numberOfBigint(2n ** 53n), { code: 'ERR_VALUE_INTEGER' })
    assert.throws(() => numberOfBigint(2n ** 53n + 1n), { code: 'ERR_VALUE_INTEGER' })
  })

  it('divides downwards exactly, on both sides of zero and up to 2^53', () => {
    assert.deepEqual([divideFloor(7, 2), divideFloor(-7, 2), divideFloor(7, -2), divideFloor(-7, -2)], [3, -4, -4, 3])
    assert.ok(Object.is(divideFloor(0, -5), 0))
    fc.assert(
      fc.property(integers, integers, (dividend, divisor) => {
        fc.pre(divisor !== 0)
        const [a, b] = [BigInt(dividend), BigInt(divisor)]
        const floor = a / b - (a % b !== 0n && a < 0n !== b < 0n ? 1n : 0n)
        assert.equal(BigInt(divideFloor(dividend, divisor)), floor)
      }),
    )
    assert.throws(() => divideFloor(1, 0), { code: 'ERR_VALUE_DIVISION' })
    for (const [a, b] of [
      [0.5, 1],
      [1, 0.5],
      [2 ** 53, 1],
      [NaN, 1],
    ] as const) {
      assert.throws(() => divideFloor(a, b), { code: 'ERR_VALUE_INTEGER' })
    }
  })
})
