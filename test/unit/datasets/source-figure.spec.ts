import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parseSourceFigure } from '#datasets'
import { compareDecimals, parseDecimal } from '#protocol'

/** What a cell gives: its figure, `none` for not available, `?` for unreadable. */
function read(cell: string, hasThousands = false): string {
  const figure = parseSourceFigure(cell, { hasThousands })
  if (figure.kind === 'figure') return figure.value
  return figure.kind === 'not-available' ? 'none' : '?'
}

describe('a cell of a source', () => {
  it('keeps the publisher’s text where it has at most 15 significant digits', () => {
    for (const text of ['387.183', '0', '0.0', '-17', '0.207074288590604', '27.0', '1306.720', '0.00121828859060403']) {
      assert.equal(read(text), text)
    }
    assert.equal(read(' 25 '), '25')
  })

  it('loses a float artefact, and nothing else', () => {
    assert.equal(read('0.41204999999999997'), '0.41205')
    assert.equal(read('0.30000000000000004'), '0.3')
    assert.equal(read('1106.4500000000001'), '1106.45')
    assert.equal(read('-0.41204999999999997'), '-0.41205')
    assert.equal(read('999999999999999.9'), '1000000000000000')
    assert.equal(read('0.0000123456789012345'), '0.0000123456789012345')
  })

  it('rounds a digit too many half to even', () => {
    assert.equal(read('0.1234567890123445'), '0.123456789012344')
    assert.equal(read('0.1234567890123455'), '0.123456789012346')
    assert.equal(read('0.12345678901234451'), '0.123456789012345')
  })

  it('writes scientific notation out', () => {
    assert.equal(read('7.84E-05'), '0.0000784')
    assert.equal(read('1.5e+3'), '1500')
    assert.equal(read('-2e-2'), '-0.02')
    assert.equal(read('4.1204999999999997e-1'), '0.41205')
  })

  it('drops thousands separators only of a source that has them, and only where they group digits', () => {
    assert.equal(read('1,106.45', true), '1106.45')
    assert.equal(read('12,345,678', true), '12345678')
    assert.equal(read('1,106.45'), '?')
    for (const cell of ['1,10', '1,1065', ',106', '1106,450', '1.106,45', '1,106.4.5'])
      assert.equal(read(cell, true), '?')
  })

  it('is not available where the publisher prints none, which is not zero', () => {
    for (const cell of ['', '  ', '-', '--', '–', '—', 'None', 'none', 'NA', 'N/A', 'NaN', 'null', '#N/A']) {
      assert.equal(read(cell), 'none', JSON.stringify(cell))
    }
    assert.equal(read('0'), '0')
  })

  it('is unreadable where it could be read in two ways, or in none', () => {
    const cells = [
      '+5',
      '.5',
      '5.',
      '0x10',
      '1e500',
      '12e3',
      '1 106',
      '1_000',
      "1'106",
      '5 %',
      '<5',
      '5*',
      'Infinity',
      '٣',
    ]
    for (const cell of [...cells, '9'.repeat(65)]) assert.equal(read(cell), '?', cell)
  })

  it('gives back every decimal of 15 digits from the 17 digits of its binary number', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 15n - 1n }), fc.integer({ min: 1, max: 20 }), (digits, places) => {
        const text = digits.toString().padStart(places + 1, '0')
        const decimal = `${text.slice(0, -places)}.${text.slice(-places)}`
        const shadow = Number(decimal).toPrecision(17)
        assert.equal(compareDecimals(parseDecimal(read(shadow)), parseDecimal(decimal)), 0, `${decimal} as ${shadow}`)
      }),
    )
  })

  it('never throws, and never gives what is no plain decimal', () => {
    fc.assert(
      fc.property(fc.string(), fc.boolean(), (cell, hasThousands) => {
        const value = read(cell, hasThousands)
        if (value !== 'none' && value !== '?') parseDecimal(value)
      }),
    )
  })
})
