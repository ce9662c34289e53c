import type { AnchorView, BatchView, DisclosureView, FiguresView, NodeHealth, NodeStatus, RegionsView } from '#api'

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

/** What status says beside health. */
export const FAKE_STATUS: Omit<NodeStatus, keyof NodeHealth> = {
  ready: true,
  findings: [{ code: 'margin', level: 'warning', message: '3 of 4 auditors are here', remedy: 'ask' }],
  peers: { connected: 2, refused: 1, refusedMembers: 0 },
  margin: 0,
  queueLimit: 20_000,
  reviews: 1,
  bills: { certified: 2 },
  certified: { claims: 2, perSecond: 0.5 },
  disk: { freeBytes: 10, totalBytes: 100, usedBytes: 5 },
  payer: { address: `0x${'44'.repeat(20)}`, balanceWei: '1000', weiPerAnchor: '10', runwayAnchors: 100, runwayDays: 7 },
  webhooks: { total: 1, failing: 0, disabled: 0 },
}
