import { makeRational } from '#protocol'
import type { Rational } from '#protocol'

/**
 * Exact sum of products. It is brought to lowest terms once for each new denominator and not at every step: that is most
 * of the time that a bill takes.
 */
export function sumOfProducts(products: readonly (readonly [Rational, ...Rational[]])[]): Rational {
  let [n, d] = [0n, 1n]
  for (const [first, ...others] of products) {
    let [termN, termD] = [first.n, first.d]
    for (const factor of others) {
      termN *= factor.n
      termD *= factor.d
    }
    if (termD === d) n += termN
    else ({ n, d } = makeRational(n * termD + termN * d, d * termD))
  }
  return makeRational(n, d)
}

/** Exact sum. */
export function sumOf(values: readonly Rational[]): Rational {
  return sumOfProducts(values.map((value) => [value]))
}
