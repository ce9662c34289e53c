import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Tally } from '#consensus'
import type { TallyOutcome } from '#consensus'
import { equalBytes, isBitSet, leafOf, merkleRoot, quorumOf, verifyCertificate } from '#protocol'
import type { Vote } from '#protocol'
import { foundRegion, makeBatch, makeClaim, makeVote, publicEntry, REGION } from '../../support/region-fixture.ts'
import type { RegionFixture } from '../../support/region-fixture.ts'

const claims = [makeClaim('a'), makeClaim('b'), makeClaim('c')]

function openPoll(region: RegionFixture): (member: number, refused?: readonly number[]) => Vote {
  const [sponsor] = region.members
  assert.ok(sponsor !== undefined)
  const { announcement } = makeBatch(region, sponsor, claims.map(publicEntry))
  return (member, refused = []) => {
    const voter = region.members[member]
    assert.ok(voter !== undefined)
    return makeVote(region, voter, announcement, claims, refused)
  }
}

function count(members: number, votes: readonly Vote[]): TallyOutcome {
  const tally = new Tally(members)
  for (const vote of votes) tally.add(vote)
  return tally.outcome()
}

const region = foundRegion(7)
const voteOf = openPoll(region)
const ballots = [[], [0], [1], [0, 1]] as const
const cast = region.members.map((_, member) => ballots.map((refused) => voteOf(member, refused)))

describe('tally', () => {
  it('gives the same certificate for votes in any order', () => {
    const votes = cast.flatMap(([accepting]) => accepting ?? [])
    const expected = count(7, votes)
    assert.equal(expected.kind, 'certified')
    fc.assert(
      fc.property(fc.shuffledSubarray(votes, { minLength: 7, maxLength: 7 }), (shuffled) => {
        assert.deepEqual(count(7, shuffled), expected)
      }),
    )
  })

  it('makes certificates that verify, from any quorum and no smaller group', () => {
    const committee = region.members.map((member) => member.address)
    const votes = cast.flatMap(([accepting]) => accepting ?? [])
    fc.assert(
      fc.property(fc.shuffledSubarray(votes, { minLength: 1 }), (some) => {
        const outcome = count(7, some)
        assert.equal(outcome.kind, some.length >= 5 ? 'certified' : 'open')
        if (outcome.kind === 'certified') {
          assert.equal(verifyCertificate(region.domain, committee, outcome.certificate).length, quorumOf(7))
        }
      }),
      { numRuns: 60 },
    )
  })

  it('counts the first vote of a member, and no second', () => {
    const tally = new Tally(7)
    const [first, second] = [cast[0]?.[0], cast[0]?.[1]]
    assert.ok(first !== undefined && second !== undefined)
    assert.equal(tally.add(first), true)
    for (let i = 0; i < 10; i += 1) assert.equal(tally.add(first), false)
    assert.equal(tally.add(second), false)
    assert.equal(tally.contradicts(second), true)
    assert.equal(tally.contradicts(first), false)
    assert.equal(tally.contradicts(cast[1]?.[1] ?? second), false)
    assert.deepEqual(tally.votes(), [first])
    assert.equal(tally.outcome().kind, 'open')
    assert.equal(tally.has(first.voter), true)
    assert.equal(tally.has(region.members[3]?.address ?? first.voter), false)
  })

  it('sees a split exactly when no ballot can reach the quorum any more: every way to vote of four members', () => {
    const four = foundRegion(4)
    const vote = openPoll(four)
    const options = four.members.map((_, member) => [undefined, ...ballots.map((refused) => vote(member, refused))])
    const quorum = quorumOf(4)
    let splits = 0
    for (let code = 0; code < 5 ** 4; code += 1) {
      const choices = options.map((_, member) => Math.floor(code / 5 ** member) % 5)
      const votes = choices.flatMap((choice, member) => options[member]?.[choice] ?? [])
      const open = choices.filter((choice) => choice === 0).length
      const best = Math.max(...[1, 2, 3, 4].map((ballot) => choices.filter((choice) => choice === ballot).length))
      const expected = best >= quorum ? 'certified' : best + open >= quorum ? 'open' : 'split'
      assert.equal(count(4, votes).kind, expected, choices.join(' '))
      if (expected === 'split') splits += 1
    }
    assert.ok(splits > 0)
  })

  it('tells for each claim whether a quorum agrees, refuses, or neither', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4), { minLength: 7, maxLength: 7 }), (choices) => {
        const tally = new Tally(7)
        for (const [member, choice] of choices.entries()) {
          const vote = cast[member]?.[choice]
          if (vote !== undefined) tally.add(vote)
        }
        for (const index of claims.keys()) {
          const voted = choices.flatMap((choice) => ballots[choice] ?? [])
          const refusing = voted.filter((refused) => refused === index).length
          const present = choices.filter((choice) => choice < ballots.length).length
          assert.equal(tally.isAgreed(index), present - refusing >= 5)
          assert.equal(tally.isRefused(index), 7 - refusing < 5)
          assert.equal(tally.reasonFor(index)?.code, refusing > 0 ? 'ERR_CLAIM_OVERLAP' : undefined)
          assert.ok(!(tally.isAgreed(index) && tally.isRefused(index)))
        }
      }),
    )
  })

  // Nobody signs the bitmap: whoever passes a vote on can change it, so that it must decide nothing.
  describe('with bitmaps that were changed on the way', () => {
    const honest = cast.flatMap(([, second]) => second ?? [])
    const [{ content, bitmap }] = honest as [Vote, ...Vote[]]
    const leaves = claims.map((claim) => leafOf(region.domain, REGION, claim))
    const fits = (vote: Vote): boolean => {
      const accepted = leaves.filter((_, i) => isBitSet(vote.bitmap, i))
      return equalBytes(merkleRoot(accepted), vote.content.acceptedRoot)
    }
    // Each as long and with as many bits as is right, and wrong.
    const mangled = [0b011, 0b101].map((bits) => new Uint8Array([bits]))

    it('groups votes by what was signed, and takes a bitmap that gives the accepted root', () => {
      fc.assert(
        fc.property(
          fc.shuffledSubarray(honest, { minLength: 5 }),
          fc.array(fc.nat(2), { minLength: 7, maxLength: 7 }),
          (votes, choices) => {
            const changed = votes.map((vote, i) => ({ ...vote, bitmap: mangled[choices[i] ?? 0] ?? vote.bitmap }))
            const tally = new Tally(7)
            for (const vote of changed) tally.add(vote)
            const outcome = tally.outcome(fits)
            if (changed.some(fits)) {
              assert.ok(outcome.kind === 'certified')
              assert.deepEqual(outcome.certificate.content, content)
              assert.deepEqual(outcome.certificate.bitmap, bitmap)
            } else {
              // Never split: the content has its quorum, only its bitmap is still to come.
              assert.equal(outcome.kind, 'open')
            }
          },
        ),
      )
    })

    it('takes without the leaves a bitmap of the right count, never one of another', () => {
      const wrongCounts = [0b001, 0b111, 0b000].map((bits) => new Uint8Array([bits]))
      const changed = honest.map((vote, i) => ({ ...vote, bitmap: wrongCounts[i % 3] ?? vote.bitmap }))
      assert.equal(count(7, changed).kind, 'open')
      const outcome = count(7, [...changed.slice(0, 4), ...honest.slice(4)])
      assert.ok(outcome.kind === 'certified')
      assert.deepEqual(outcome.certificate.bitmap, bitmap)
    })

    it('sees no split while what was signed is the same, however many bitmaps there are', () => {
      const each = honest.map((vote, i) => ({ ...vote, bitmap: new Uint8Array([i]) }))
      for (const votes of [each.slice(0, 4), each]) assert.notEqual(count(7, votes).kind, 'split')
    })
  })
})
