import { utf8 } from '#protocol'
import { ArchiveKeys } from '../../node/archive-keys.ts'
import { createRegionContext } from '../../node/region-context.ts'
import type { RegionContext } from '../../node/region-context.ts'
import { REGION } from './region-fixture.ts'
import type { RegionFixture } from './region-fixture.ts'

/** What the auditor at `position` of a founded region knows; without the archive's private key. */
export function contextOf(region: RegionFixture, position = 0): RegionContext {
  const member = region.members[position]
  if (member === undefined) throw new RangeError('the region has no such member')
  return createRegionContext(region.charter, REGION, {
    address: member.address,
    privateKey: member.key,
    regionSecret: utf8('point key'),
    archive: new ArchiveKeys([
      { epoch: 0, identity: 'none', recipient: region.charter.regions[0]?.archiveRecipient ?? '' },
    ]),
  })
}
