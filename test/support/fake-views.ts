import type { AnchorView, BatchView, DisclosureView, FiguresView, RegionsView } from '#api'

const ANCHOR: AnchorView = {
  seq: 7,
  epoch: 0,
  root: `0x${'11'.repeat(32)}`,
  manifest: 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy',
  claims: 3,
  gramsLocation: '1000',
  gramsMarket: '900',
  state: 'final',
  tx: `0x${'22'.repeat(32)}`,
  block: 42,
  gasUsed: '120000',
}

const BATCH: BatchView = {
  cid: 'bafyreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku',
  sponsor: `0x${'33'.repeat(20)}`,
  epoch: 0,
  seq: 1,
  claims: 3,
  state: 'anchored',
  accepted: 3,
  gramsCO2e: '1000',
  anchorSeq: 7,
}

/** Discloses every bill but those of CIDs that begin otherwise, as bytes that are no age file. */
export const FAKE_DISCLOSURE: DisclosureView = {
  discloseBill: async ({ cid }) => (cid.startsWith('bafkreih') ? new TextEncoder().encode('age file') : undefined),
}

/** A region with one anchor and one batch. */
export const FAKE_REGIONS: RegionsView = {
  listRegions: () => [
    {
      name: 'north-america',
      jurisdictions: ['CA', 'MX', 'US'],
      committeeSize: 4,
      quorum: 3,
      archiveRecipient: 'age1fake',
      own: true,
    },
  ],
  committee: () => ({
    region: 'north-america',
    epoch: 0,
    quorum: 3,
    margin: -2,
    members: [{ address: `0x${'33'.repeat(20)}`, self: true, connected: true, peerId: '16Uiu2HAm' }],
  }),
  listAnchors: async () => ({ items: [ANCHOR] }),
  findAnchor: async (seq) => (seq === ANCHOR.seq ? ANCHOR : undefined),
  listBatches: async () => ({ items: [BATCH] }),
  findBatch: async (cid) => (cid === BATCH.cid ? BATCH : undefined),
}

/** Figures that repeat what was asked. */
export const FAKE_FIGURES: FiguresView = {
  estimate: async (request) => JSON.stringify({ asked: request }),
  factors: async (query) => JSON.stringify({ asked: query }),
  explain: async (cid, claim) =>
    JSON.stringify({ ok: true, cid, bills: [], ...(claim === undefined ? {} : { claim }) }),
}
