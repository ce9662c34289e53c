import assert from 'node:assert/strict'
import type { BillStatus, Submission } from '#api'
import { CodedError } from '#protocol'
import { csvBill, espiBill, submissionOf } from '../support/bills.ts'
import type { BillInit } from '../support/bills.ts'
import { submitTo, untilSettled, untilState } from '../support/follow.ts'
import { checkInvariants, checkNoStrayBlocks, valuesOf, withStore } from '../support/invariants.ts'
import { startLiveRegion } from '../support/live-region.ts'
import type { LiveRegion } from '../support/live-region.ts'

const ALL = [0, 1, 2, 3]

function claimOf(status: BillStatus): BillStatus['claims'][number] {
  const [claim] = status.claims
  assert.ok(claim !== undefined, `bill ${status.cid} has no claim`)
  return claim
}

function detailsOf(error: unknown): Readonly<Record<string, unknown>> {
  assert.ok(error instanceof CodedError, String(error))
  return { ...error.details, code: error.code }
}

describe('a region that is given bills twice, overlapping or broken', () => {
  let region: LiveRegion

  before(async () => {
    region = await startLiveRegion()
  })

  after(async () => {
    await region.stop()
  })

  const submit = async (position: number, submission: Submission): Promise<BillStatus> =>
    submitTo(region.node(position), submission)
  const certified = async (position: number, cid: string): Promise<BillStatus> =>
    untilState(region.node(position), cid, 'certified')

  async function refusalOf(position: number, submission: Submission): Promise<Readonly<Record<string, unknown>>> {
    const before = await region.node(position).listBills(1_000)
    let refusal: unknown
    await assert.rejects(submit(position, submission), (thrown) => {
      refusal = thrown
      return true
    })
    assert.deepEqual(
      (await region.node(position).listBills(1_000)).map(({ cid }) => cid),
      before.map(({ cid }) => cid),
      'a refused bill is in the records',
    )
    return detailsOf(refusal)
  }

  for (const visibility of ['public', 'sealed'] as const) {
    for (const [format, make] of Object.entries({ csv: (b: BillInit) => csvBill(b), espi: espiBill })) {
      const point = `twice-${visibility}-${format}`

      it(`takes the same ${visibility} ${format} bill twice as one claim, at one auditor and at another`, async () => {
        const submission = submissionOf(make({ point }), visibility)
        const first = await submit(0, submission)
        const status = await certified(0, first.cid)
        const again = await submit(0, submission)
        assert.equal(again.cid, first.cid)
        assert.deepEqual(claimOf(again), claimOf(status))

        await certified(1, first.cid)
        const elsewhere = await submit(1, submission)
        assert.equal(elsewhere.cid, first.cid)
        assert.equal(claimOf(elsewhere).claimId, claimOf(status).claimId)
        assert.equal(claimOf(elsewhere).batch, claimOf(status).batch)
      })
    }

    it(`takes the same ${visibility} bill several times at the same moment as one bill`, async () => {
      const submission = submissionOf(csvBill({ point: `at-once-${visibility}` }), visibility)
      const statuses = await Promise.all([submit(2, submission), submit(2, submission), submit(2, submission)])
      assert.equal(new Set(statuses.map(({ cid }) => cid)).size, 1)
      const [{ cid }] = statuses
      const { state, claims } = await untilSettled(region.node(2), cid)
      assert.notEqual(state, 'rejected')
      assert.equal(claims.length, 1)
    })

    it(`gives the same ${visibility} bill one claim id at two auditors at the same moment`, async () => {
      const submission = submissionOf(csvBill({ point: `two-${visibility}` }), visibility)
      const submitted = await Promise.all([submit(0, submission), submit(3, submission)])
      const [a, b] = await Promise.all([certified(0, submitted[0].cid), certified(3, submitted[1].cid)])
      assert.equal(claimOf(a).claimId, claimOf(b).claimId)
      if (visibility === 'public') assert.equal(a.cid, b.cid)
    })
  }

  it('certifies a bill that is submitted sealed and public at the same moment, as one claim', async () => {
    const bytes = csvBill({ point: 'both' })
    const submitted = await Promise.all([submit(1, submissionOf(bytes)), submit(1, submissionOf(bytes, 'sealed'))])
    const [a, b] = await Promise.all([certified(1, submitted[0].cid), certified(1, submitted[1].cid)])
    assert.notEqual(a.cid, b.cid)
    assert.equal(claimOf(a).claimId, claimOf(b).claimId)
  })

  it('refuses an overlapping period with the claim that holds it, here and at another auditor', async () => {
    const held = await submit(0, submissionOf(csvBill({ point: 'over', start: '2022-03-01', end: '2022-04-01' })))
    const { claimId } = claimOf(await certified(0, held.cid))
    await certified(3, held.cid)
    const periods = [
      { start: '2022-03-31', end: '2022-05-01' },
      { start: '2022-02-01', end: '2022-03-02' },
      { start: '2022-03-10', end: '2022-03-20' },
      { start: '2022-01-01', end: '2023-01-01' },
      // The same period with another figure.
      { start: '2022-03-01', end: '2022-04-01', kWh: '129' },
    ]
    for (const period of periods) {
      for (const position of [0, 3]) {
        for (const visibility of ['public', 'sealed'] as const) {
          const refusal = await refusalOf(position, submissionOf(csvBill({ point: 'over', ...period }), visibility))
          assert.deepEqual(refusal, { code: 'ERR_CLAIM_OVERLAP', heldBy: claimId })
        }
      }
    }
  })

  it('refuses a file of which one bill of several overlaps, as a whole', async () => {
    const held = await submit(1, submissionOf(csvBill({ point: 'part' })))
    const { claimId } = claimOf(await certified(1, held.cid))
    const file = csvBill({ point: 'part-free' }, { point: 'part', kWh: '99' })
    assert.deepEqual(await refusalOf(1, submissionOf(file)), { code: 'ERR_CLAIM_OVERLAP', heldBy: claimId })
    const free = await submit(1, submissionOf(csvBill({ point: 'part-free', kWh: '77' })))
    await certified(1, free.cid)
  })

  it('accepts adjacent half-open periods, in either order and at different auditors', async () => {
    const periods = [
      { start: '2022-03-01', end: '2022-04-01' },
      { start: '2022-04-01', end: '2022-05-01' },
      { start: '2022-02-01', end: '2022-03-01' },
    ]
    for (const [i, period] of periods.entries()) {
      const { cid } = await submit(i, submissionOf(csvBill({ point: 'adjacent', ...period })))
      await certified(i, cid)
      await certified((i + 1) % 4, cid)
    }
  })

  it('certifies every bill of a file with several', async () => {
    const file = csvBill(
      { point: 'many-1' },
      { point: 'many-2', kWh: '7.25' },
      { point: 'many-2', start: '2022-04-01', end: '2022-05-01' },
    )
    const { cid } = await submit(2, submissionOf(file, 'sealed'))
    assert.equal((await certified(2, cid)).claims.length, 3)
  })

  const text = (content: string): Uint8Array => new TextEncoder().encode(content)
  const espi = new TextDecoder().decode(espiBill({ point: 'broken' }))
  const atom = (content: string): Uint8Array => text(espi.replace('<feed ', `${content}<feed `))
  const entities = Array.from({ length: 12 }, (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`).join('')
  const bad: readonly (readonly [string, Uint8Array, string, string?])[] = [
    ['an empty file', new Uint8Array(0), 'ERR_BILL_EMPTY'],
    ['20 MiB and a byte', new Uint8Array(20 * 1024 * 1024 + 1).fill(0x20), 'ERR_BILL_TOO_LARGE'],
    ['XML that is not well-formed', text(espi.slice(0, 400)), 'ERR_BILL_XML', 'line'],
    ['a document type', atom('<!DOCTYPE feed>'), 'ERR_BILL_DOCTYPE', 'line 2'],
    ['an entity bomb', atom(`<!DOCTYPE feed [<!ENTITY e0 "x">${entities}]>`), 'ERR_BILL_DOCTYPE', 'line 2'],
    ['a depth bomb', text('<feed>' + '<a>'.repeat(100_000)), 'ERR_BILL_DEPTH', 'line 1'],
    ['negative energy in CSV', csvBill({ point: 'b', kWh: '-5' }), 'ERR_BILL_NEGATIVE', 'import, line 2'],
    ['negative energy in XML', text(espi.replace(/<value>/, '<value>-')), 'ERR_BILL_NEGATIVE', 'line'],
    ['absurd energy in CSV', csvBill({ point: 'b', kWh: '100000000001' }), 'ERR_BILL_ABSURD', 'import, line 2'],
    ['absurd energy in XML', text(espi.replace(/<value>/, '<value>99999999')), 'ERR_BILL_ABSURD', 'line'],
    ['a unit of power', csvBill({ point: 'b', unit: 'kW' }), 'ERR_BILL_UNIT', 'unit, line 2'],
    ['a unit code of volume', espiBill({ point: 'b', uom: '42' }), 'ERR_BILL_UNIT', 'line'],
    ['a day that does not exist', csvBill({ point: 'b', start: '2022-02-30' }), 'ERR_BILL_DATE', 'start, line 2'],
    ['a period that ends before it starts', csvBill({ point: 'b', end: '2022-02-01' }), 'ERR_BILL_PERIOD', 'line 2'],
    ['no place', espiBill({ point: 'b', country: undefined }), 'ERR_PLACE_UNKNOWN'],
  ]
  for (const [what, bytes, code, place] of bad) {
    it(`refuses ${what} with ${code}${place === undefined ? '' : ' and its place'}, and keeps nothing`, async () => {
      for (const visibility of ['public', 'sealed'] as const) {
        const refusal = await refusalOf(0, submissionOf(bytes, visibility))
        assert.equal(refusal['reason'] ?? refusal['code'], code)
        if (place !== undefined) assert.ok(String(refusal['place']).includes(place), String(refusal['place']))
      }
    })
  }

  it('refuses a bill of a country that no region, or another region, answers for', async () => {
    const japan = await refusalOf(0, submissionOf(csvBill({ point: 'b', country: 'JP' })))
    assert.deepEqual(japan, { code: 'ERR_REGION_UNKNOWN', country: 'JP' })
    const germany = await refusalOf(0, submissionOf(csvBill({ point: 'b', country: 'DE' }), 'sealed'))
    assert.deepEqual(germany, { code: 'ERR_REGION_OTHER', region: 'elsewhere' })
    const nowhere = await refusalOf(0, submissionOf(csvBill({ point: 'b', country: 'XX' })))
    assert.equal(nowhere['code'], 'ERR_BILL_REJECTED')
  })

  it('certifies a bill without a place when its holder declares one, and says so', async () => {
    const bytes = espiBill({ point: 'declared', country: undefined })
    const { cid } = await submit(1, { ...submissionOf(bytes), declaredPlace: { country: 'US', state: 'CA' } })
    assert.equal(claimOf(await certified(1, cid)).assurance, 'place-declared')
  })

  it('archives what it cannot read for a person, without a claim', async () => {
    const picture = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 1, 2, 3])
    const { cid, state } = await submit(1, submissionOf(picture))
    assert.equal(state, 'needs-review')
    const kept = await region.node(1).readBill(cid, new AbortController().signal)
    assert.ok(kept !== undefined)
    const again = await submit(1, submissionOf(picture))
    assert.deepEqual([again.cid, again.claims], [cid, []])
  })

  it('has counted each claim once, on chain as well, and kept nothing of what it refused', async () => {
    for (const position of ALL) {
      for (const { cid, state } of await region.node(position).listBills(1_000)) {
        if (state !== 'needs-review') await untilState(region.node(position), cid, 'final')
      }
    }
    await Promise.all(ALL.map(async (position) => region.stopNode(position)))
    const { certified: claims, anchors } = await checkInvariants(region, ALL)
    const counted = anchors.reduce((sum, anchor) => sum + anchor.claims, 0)
    const grams = anchors.reduce((sum, anchor) => sum + anchor.gramsLocation, 0n)
    assert.equal(counted, claims.size)
    assert.equal(
      grams,
      [...claims.values()].reduce((sum, { claim }) => sum + BigInt(claim.gramsLocation), 0n),
    )
    for (const position of ALL) {
      await checkNoStrayBlocks(region, position)
      await withStore(region, position, async (store) => {
        const states = (await valuesOf(store.bills)).map(({ state }) => state)
        assert.ok(!states.includes('rejected'), `auditor ${position} has a rejected bill`)
      })
    }
  })
})
