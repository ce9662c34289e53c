import assert from 'node:assert/strict'
import { extractBill } from '#audit'
import { makeDecimal } from '#protocol'
import type { Extraction, Facts, StatedBills } from '#protocol'
import { readKnownFlags } from './documented-flags.ts'
import { makeInput } from './make-input.ts'
import { runFuzz } from './run-fuzz.ts'
import { readSeeds } from './seeds.ts'

const SEED = 20_240_601
const seeds = readSeeds()

describe('fuzzing', () => {
  it('breaks no invariant in a short run', async function () {
    this.timeout(300_000)
    const report = await runFuzz({
      seeds,
      seed: SEED,
      inputs: 2_000,
      extract: (bytes) => extractBill(bytes),
      isKnownFlag: readKnownFlags(),
    })
    assert.deepEqual(report.failures, [])
    // Mutations that were always refused, or never, would test nothing.
    for (const verdict of ['facts', 'needs-review', 'reject', 'unsupported']) {
      assert.ok((report.verdicts[verdict] ?? 0) > 50, `${verdict}: ${report.verdicts[verdict]}`)
    }
    assert.ok(Object.keys(report.codes).length > 25, `${Object.keys(report.codes).length} codes`)
  })

  it('makes the same inputs from the same seed, each one by itself, and others from another seed', () => {
    const seedOf = (seed: number, index: number): string => {
      const { bytes, name } = makeInput(seeds, seed, index)
      return `${name} ${Buffer.from(bytes).toString('base64')}`
    }
    const some = [0, 17, 999]
    assert.deepEqual(
      some.map((index) => seedOf(1, index)),
      some.map((index) => seedOf(1, index)),
    )
    assert.notEqual(seedOf(1, 17), seedOf(2, 17))
    assert.notEqual(seedOf(1, 17), seedOf(1, 18))
  })

  it('uses every own sample', () => {
    assert.ok(seeds.own.length >= 40)
    const used = new Set(Array.from({ length: 3_000 }, (_, index) => makeInput(seeds, SEED, index).name))
    for (const { name } of seeds.own) assert.ok(used.has(name), name)
  })
})

const SERVICE = { start: '2024-01-01', end: '2024-02-01', basis: 'printed-exclusive' } as const

describe('the invariants of fuzzing', () => {
  const own = seeds.own.filter(({ name }) => name === 'europe/bakery.csv')
  const [bakery] = own
  assert.ok(bakery)
  const readBakery = async (): Promise<StatedBills> => {
    const extraction = await extractBill(bakery.bytes)
    assert.ok(extraction.reason === undefined)
    return extraction
  }
  const sound = readBakery()
  /** A result that the types do not allow, as a bug would make it. */
  const wrong = async (change: object): Promise<Extraction> => ({ ...(await sound), ...change })

  /** Faults that a run finds with an extraction that is wrong in one way. */
  const faultsWith = async (extract: (bytes: Uint8Array) => Promise<Extraction>): Promise<string> => {
    const report = await runFuzz({
      seeds: { own, real: [] },
      seed: 1,
      inputs: 2,
      extract,
      isKnownFlag: readKnownFlags(),
    })
    return report.failures.flatMap(({ faults }) => faults).join('; ')
  }
  const withFacts = (change: (facts: Facts) => Partial<Facts>) => async (): Promise<Extraction> => {
    const result = await sound
    return { ...result, bills: result.bills.map((facts) => ({ ...facts, ...change(facts) })) }
  }

  it('are kept by sound results', async () => {
    assert.equal(await faultsWith(() => sound), '')
  })

  it('are broken by each of these planted bugs', async () => {
    const negative = makeDecimal(-1n, 0)
    const produced = { value: makeDecimal(1n, 0), unit: 'kWh' }
    const stated = { commodity: 'electricity', produced, missing: ['import', 'service'] }
    const reason = { code: 'ERR_BILL_XML', message: 'bad', place: { line: 1 } } as const
    let calls = 0
    const planted: readonly (readonly [name: string, extract: () => Promise<Extraction>, fault: RegExp])[] = [
      ['throws', () => Promise.reject(new RangeError('planted')), /threw RangeError: planted/],
      ['another verdict', async () => wrong({ verdict: 'maybe' }), /verdict maybe/],
      ['facts without bills', async () => ({ ...(await sound), bills: [] }), /facts with 0 bills/],
      ['a refusal with bills', async () => wrong({ verdict: 'reject', reason }), /reject with 2 bills/],
      ['a refusal without reason', async () => wrong({ verdict: 'reject', bills: [] }), /reject without a reason/],
      [
        'figures beside a refusal',
        async () => wrong({ verdict: 'needs-review', bills: [], reason, read: [stated] }),
        /figures beside needs-review/,
      ],
      ['figures beside bills', async () => wrong({ read: [stated] }), /figures beside facts/],
      ['figures without a reason', async () => wrong({ bills: [], read: [stated] }), /facts without a reason/],
      ...(
        [
          ['no figure', [{ ...stated, produced: undefined }], /a bill without a figure/],
          ['nothing missing', [{ ...stated, missing: [] }], /missing/],
          ['a period that is stated and missing', [{ ...stated, service: SERVICE }], /period stated and missing/],
          ['negative figures', [{ ...stated, produced: { value: negative, unit: 'kWh' } }], /negative figure/],
          ['no bills of any kind', [], /no figures/],
        ] as const
      ).map(([name, read, fault]): readonly [string, () => Promise<Extraction>, RegExp] => [
        name,
        async () => wrong({ bills: [], reason, read }),
        fault,
      ]),
      [
        'a refusal without code',
        () => Promise.resolve({ verdict: 'reject', format: 'xml', bills: [], reason: { ...reason, code: 'ERR_' } }),
        /code ERR_/,
      ],
      [
        'a refusal without place',
        () =>
          Promise.resolve({
            verdict: 'reject',
            format: 'xml',
            bills: [],
            reason: { code: 'ERR_BILL_XML', message: 'bad' },
          }),
        /without a place/,
      ],
      [
        'a message as long as the file',
        () =>
          Promise.resolve({
            verdict: 'reject',
            format: 'xml',
            bills: [],
            reason: { ...reason, message: 'x'.repeat(10_000) },
          }),
        /message of 10000/,
      ],
      ['negative import', withFacts(() => ({ import: { value: negative, unit: 'kWh' } })), /negative import/],
      ['negative export', withFacts(() => ({ export: { value: negative, unit: 'kWh' } })), /negative export/],
      [
        'a period that runs backwards',
        withFacts(({ service }) => ({ service: { ...service, start: service.end, end: service.start } })),
        /period 2023/,
      ],
      [
        'a date that is none',
        withFacts(({ service }) => ({ service: { ...service, end: '2023-02-30' } })),
        /period 2023/,
      ],
      ['unsorted flags', withFacts(() => ({ flags: ['self-stated', 'duplicates-dropped'] })), /flags self-stated/],
      ['a repeated flag', withFacts(() => ({ flags: ['self-stated', 'self-stated'] })), /flags self-stated/],
      ['an undocumented flag', withFacts(() => ({ flags: ['surprise'] })), /flag surprise is not in the documentation/],
      ['money that is none', withFacts(() => ({ money: { currency: '840', payable: negative } })), /currency 840/],
      [
        'years that do not add up',
        withFacts(() => ({
          readings: {
            count: 1,
            gaps: 0,
            duplicates: 0,
            seriesHash: new Uint8Array(32),
            whByYear: [{ year: 2023, wh: '1/1' }],
          },
        })),
        /years do not add up/,
      ],
      [
        'bills out of order',
        async () => ({ ...(await sound), bills: (await sound).bills.toReversed() }),
        /out of order/,
      ],
      [
        'two results for one file',
        async () => ({ ...(await sound), format: (calls += 1) % 2 === 0 ? 'xml' : 'csv' }),
        /two results/,
      ],
      [
        'a loop',
        async () => {
          const end = performance.now() + 1_100
          while (performance.now() < end);
          return sound
        },
        /took 1\d{3} ms/,
      ],
    ]
    for (const [name, extract, fault] of planted) assert.match(await faultsWith(extract), fault, name)
  })

  it('are broken by a rejection that nobody handles', async () => {
    // Mocha listens as well, and would take the planted rejection for a bug of this test.
    const listeners = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection')
    try {
      const faults = await faultsWith(async () => {
        void Promise.reject(new Error('nobody'))
        return sound
      })
      assert.match(faults, /unhandled rejection.*nobody/)
    } finally {
      for (const listener of listeners) process.on('unhandledRejection', listener)
    }
  })
})
