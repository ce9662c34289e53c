import assert from 'node:assert/strict'
import { transmitterDelayMs, transmitterOrder } from '#consensus'
import { toHex } from '#protocol'
import { foundRegion, hashOf, REGION } from '../../support/region-fixture.ts'

const committee = foundRegion(7).members.map((member) => member.address)
const network = hashOf('network')

describe('transmitter', () => {
  it('order is a permutation that everybody computes the same, in whatever order the committee is listed', () => {
    const order = transmitterOrder(network, REGION, 5, committee)
    assert.deepEqual(order.map(toHex).toSorted(), committee.map(toHex).toSorted())
    assert.deepEqual(transmitterOrder(network, REGION, 5, committee.toReversed()), order)
  })

  it('rotates: over 700 anchors each of seven members is first about 100 times', () => {
    const turns = new Map(committee.map((member) => [toHex(member), 0]))
    for (let seq = 1; seq <= 700; seq += 1) {
      const [first] = transmitterOrder(network, REGION, seq, committee)
      assert.ok(first !== undefined)
      turns.set(toHex(first), (turns.get(toHex(first)) ?? 0) + 1)
    }
    for (const count of turns.values()) assert.ok(count > 60 && count < 140, `${count} turns`)
  })

  it('order differs between networks and regions', () => {
    const firsts = (id: Uint8Array, region: string): string =>
      Array.from({ length: 20 }, (_, seq) => toHex(transmitterOrder(id, region, seq, committee)[0] ?? id)).join()
    assert.notEqual(firsts(network, REGION), firsts(hashOf('other'), REGION))
    assert.notEqual(firsts(network, REGION), firsts(network, 'europe'))
  })

  it('sends at once in the first place, after a stage in the next two, after two stages in all others', () => {
    assert.deepEqual(
      [0, 1, 2, 3, 4, 30].map((place) => transmitterDelayMs(place, 1_000)),
      [0, 1_000, 1_000, 2_000, 2_000, 2_000],
    )
  })
})
