import assert from 'node:assert/strict'
import { pino } from 'pino'
import type { Announcement, Certificate } from '#protocol'
import type { Ledger } from '../../../node/ledger.ts'
import { Voter } from '../../../node/voter.ts'
import type { VoterInit } from '../../../node/voter.ts'
import { certifyBatch, foundRegion, makeClaim } from '../../support/region-fixture.ts'

/** A voter of which only what comes before the first read of its records is used. */
function startVoter(region: ReturnType<typeof foundRegion>): { voter: Voter; admitted: Announcement[] } {
  const admitted: Announcement[] = []
  const [own] = region.members
  const [regionCharter] = region.charter.regions
  const ledger: Pick<Ledger, 'admit'> = {
    admit: async (announcement) => {
      admitted.push(announcement)
      return { kind: 'known' }
    },
  }
  const init = {
    context: {
      domain: region.domain,
      region: regionCharter,
      epoch: 0,
      committee: regionCharter?.committee,
      address: own?.address,
    },
    ledger,
    polls: { findCertificate: () => undefined, know: () => undefined, isOwn: () => false },
    store: { batches: { find: async () => ({ state: 'abandoned' }) } },
    log: pino({ level: 'silent' }),
  }
  return { voter: new Voter(init as unknown as VoterInit), admitted }
}

describe('voter', () => {
  const region = foundRegion()
  const batch = certifyBatch(region, [makeClaim('own')])
  const other = certifyBatch(region, [makeClaim('other')])

  it('takes note of an announcement with the certificate of a quorum', async () => {
    const { voter, admitted } = startVoter(region)
    assert.equal(await voter.consider(batch.announcement, batch.certificate), true)
    assert.equal(admitted.length, 1)
    await voter.stop()
  })

  it('refuses a certificate that is none before it takes any note: it could displace a certified batch', async () => {
    const { content, signatures, bitmap } = batch.certificate
    const forged: readonly (readonly [Certificate, string])[] = [
      [{ content: { ...content, batch: other.announcement.batch }, bitmap, signatures }, 'ERR_PROTOCOL_QUORUM'],
      [{ content: { ...content, totalGrams: '1' }, bitmap, signatures }, 'ERR_PROTOCOL_QUORUM'],
      [{ content, bitmap, signatures: signatures.slice(1) }, 'ERR_PROTOCOL_QUORUM'],
      // A quorum's certificate, but of another batch.
      [batch.certificate, 'ERR_PROTOCOL_MISMATCH'],
    ]
    for (const [certificate, code] of forged) {
      const { voter, admitted } = startVoter(region)
      await assert.rejects(voter.consider(other.announcement, certificate), { code })
      assert.deepEqual(admitted, [])
      await voter.stop()
    }
  })
})
