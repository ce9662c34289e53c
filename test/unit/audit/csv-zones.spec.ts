import assert from 'node:assert/strict'
import { Zone, ZONE_NAMES } from '#audit/extraction'
import { parseCivilDate } from '#protocol'

const HOUR_S = 3_600
const DAY_S = 86_400

function instant(date: string, hours = 0): number {
  return parseCivilDate(date) * DAY_S + hours * HOUR_S
}

/** Offset that the host's own time zone data give; only a test may ask them, since hosts differ. */
function hostOffset(zone: string): (epochS: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  return (epochS) => {
    const name = format.formatToParts(epochS * 1_000).find(({ type }) => type === 'timeZoneName')?.value ?? ''
    const [, sign = '+', hours = '0', minutes = '0'] = /^GMT(?:([+-])(\d\d):(\d\d))?$/.exec(name) ?? []
    return (sign === '-' ? -1 : 1) * (Number(hours) * HOUR_S + Number(minutes) * 60)
  }
}

describe('time zones of tables', () => {
  it('change clocks at the instants of their laws', () => {
    const changes: readonly [Zone['name'], string, number, number, number][] = [
      ['Europe/Vienna', '2022-03-27', 1, 1, 2],
      ['Europe/Vienna', '2022-10-30', 1, 2, 1],
      ['Europe/London', '2024-03-31', 1, 0, 1],
      ['Europe/London', '2024-10-27', 1, 1, 0],
      ['America/Chicago', '2024-03-10', 8, -6, -5],
      ['America/Chicago', '2024-11-03', 7, -5, -6],
      ['America/Los_Angeles', '2007-03-11', 10, -8, -7],
      ['America/Los_Angeles', '2007-11-04', 9, -7, -8],
      ['America/New_York', '2026-03-08', 7, -5, -4],
    ]
    for (const [name, date, hour, before, after] of changes) {
      const zone = new Zone(name)
      const at = instant(date, hour)
      assert.deepEqual([zone.offsetAt(at - 1), zone.offsetAt(at)], [before * HOUR_S, after * HOUR_S], `${name} ${date}`)
    }
  })

  it('agree with the data of this host in the months of changes, in the years that both know', () => {
    for (const name of ZONE_NAMES) {
      const zone = new Zone(name)
      const host = hostOffset(name)
      const first = name.startsWith('Europe/') ? 1996 : 2007
      for (let year = first; year <= 2025; year += 1) {
        for (const month of ['03', '04', '10', '11']) {
          const start = instant(`${year}-${month}-01`)
          for (let hour = 0; hour < 30 * 24; hour += 6) {
            assert.equal(
              zone.offsetAt(start + hour * HOUR_S),
              host(start + hour * HOUR_S),
              `${name} ${year}-${month} ${hour}`,
            )
          }
        }
      }
    }
  }).timeout(60_000)

  it('know which readings of a clock are no instant, one, or two', () => {
    const vienna = new Zone('Europe/Vienna')
    assert.deepEqual(vienna.offsetsOf(instant('2022-03-27', 1)), [HOUR_S])
    assert.deepEqual(vienna.offsetsOf(instant('2022-03-27', 2)), [])
    assert.deepEqual(vienna.offsetsOf(instant('2022-03-27', 3)), [2 * HOUR_S])
    assert.deepEqual(vienna.offsetsOf(instant('2022-10-30', 2)), [2 * HOUR_S, HOUR_S])
    assert.deepEqual(vienna.offsetsOf(instant('2022-10-30', 3)), [HOUR_S])
    const chicago = new Zone('America/Chicago')
    assert.deepEqual(chicago.offsetsOf(instant('2024-03-10', 2)), [])
    assert.deepEqual(chicago.offsetsOf(instant('2024-11-03', 1)), [-5 * HOUR_S, -6 * HOUR_S])
  })

  it('know their own bounds', () => {
    const [vienna, chicago] = [new Zone('Europe/Vienna'), new Zone('America/Chicago')]
    const known = (zone: Zone, date: string): boolean => zone.isKnown(parseCivilDate(date))
    assert.deepEqual([known(vienna, '1996-01-01'), known(vienna, '1996-01-02')], [false, true])
    assert.deepEqual([known(vienna, '2030-12-30'), known(vienna, '2030-12-31')], [true, false])
    assert.deepEqual([known(chicago, '2006-12-31'), known(chicago, '2007-01-02')], [false, true])
  })
})
