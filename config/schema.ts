import { z } from 'zod'

/** What the documentation says of one key beside its type and default. */
export type KeyNotes = {
  /** What a number counts, or what a text is. */
  readonly unit: string
  /** Why the key exists, and why its default is what it is. */
  readonly reason: string
}

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const DAY_MS = 24 * 60 * MINUTE_MS

function key<T extends z.ZodType>(shape: T, notes: KeyNotes): T {
  return shape.meta({ ...notes })
}

function durationMs(min: number, max: number): z.ZodNumber {
  return z.number().int().min(min).max(max)
}

const multiaddrShape = z.string().regex(/^(?:\/[^\s/]+)+$/, 'expected a multiaddr such as /ip4/127.0.0.1/tcp/4401')
const pathShape = z.string().min(1).max(4_096)
const rpcUrlShape = z.url({ protocol: /^https?$/, error: 'expected an http or https URL' })

/** Schema of a node's configuration; unknown keys are errors. Each leaf has its unit and reason. */
export const configShape = z.strictObject({
  region: key(z.string().regex(/^[a-z][a-z0-9-]{0,30}$/), {
    unit: 'name',
    reason: 'Region of the charter that this auditor answers for. `init` writes it.',
  }),
  passphraseFile: key(z.string().min(1).default('passphrase'), {
    unit: 'path',
    reason: 'File with the passphrase of the keystores; relative to the data directory. Secrets come by path only.',
  }),
  network: z
    .strictObject({
      listen: key(z.array(multiaddrShape).min(1).max(16).default(['/ip4/0.0.0.0/tcp/4401']), {
        unit: 'multiaddrs',
        reason:
          'Where other auditors reach this node; all interfaces, since a node that nobody can dial only half helps.',
      }),
      bootstrap: key(z.array(multiaddrShape).max(256).default([]), {
        unit: 'multiaddrs',
        reason: 'Auditors to dial at start, each ending in /p2p/PEER; without any, the node waits to be dialled.',
      }),
    })
    .prefault({}),
  chain: z.strictObject({
    rpcUrl: key(rpcUrlShape, {
      unit: 'URL',
      reason: "JSON-RPC endpoint of the charter's chain; never trusted, its chain id and contract are checked.",
    }),
    finalityDepth: key(z.number().int().min(1).max(10_000).optional(), {
      unit: 'blocks',
      reason: "Blocks above an anchor that make it final; absent: the chain's own `finalized` tag.",
    }),
  }),
  anchor: z
    .strictObject({
      intervalMs: key(durationMs(SECOND_MS, DAY_MS).default(10 * MINUTE_MS), {
        unit: 'ms',
        reason: 'Longest time that a certified claim waits for an anchor; ten minutes keep gas per claim small.',
      }),
      maxClaims: key(z.number().int().min(1).max(10_000).default(10_000), {
        unit: 'claims',
        reason: 'Claims that start an anchor before its time; the protocol allows at most 10,000.',
      }),
      stageMs: key(durationMs(500, 60 * MINUTE_MS).default(MINUTE_MS), {
        unit: 'ms',
        reason: 'Time that a transmitter has before the next ones may send; about five blocks of Ethereum.',
      }),
    })
    .prefault({}),
  batch: z
    .strictObject({
      lingerMs: key(durationMs(0, 10 * SECOND_MS).default(100), {
        unit: 'ms',
        reason:
          'Time that claims wait for company while a batch is in flight, and for each other busy sponsor; an idle region does not wait.',
      }),
    })
    .prefault({}),
  sync: z
    .strictObject({
      intervalMs: key(durationMs(250, 60 * MINUTE_MS).default(10 * SECOND_MS), {
        unit: 'ms',
        reason: 'Time between exchanges of heads with each peer; repairs what gossip lost.',
      }),
    })
    .prefault({}),
  api: z
    .strictObject({
      host: key(z.string().min(1).max(255).default('127.0.0.1'), {
        unit: 'address',
        reason: 'Interface of the HTTP API; loopback, so that opening it to others is a decision.',
      }),
      port: key(z.number().int().min(0).max(65_535).default(4480), {
        unit: 'port',
        reason: 'TCP port of the HTTP API; 0 takes a free one.',
      }),
      tlsCertFile: key(pathShape.optional(), {
        unit: 'path',
        reason: 'PEM certificate chain; with it and the key the API speaks HTTPS. Relative to the data directory.',
      }),
      tlsKeyFile: key(pathShape.optional(), {
        unit: 'path',
        reason: 'PEM private key of the certificate. Secrets come by path only.',
      }),
      corsOrigins: key(z.array(z.string().min(1).max(255)).max(64).default([]), {
        unit: 'origins',
        reason:
          'Web origins whose pages may call the API, or `*`; none, since a page needs a key and should not have one.',
      }),
      trustProxies: key(z.array(z.string().min(1).max(64)).max(16).default([]), {
        unit: 'addresses',
        reason:
          'Addresses or CIDR ranges of reverse proxies whose X-Forwarded-For is believed; nobody else can set its own address.',
      }),
      requestsPerMinuteAddress: key(z.number().int().min(1).max(1_000_000).default(600), {
        unit: 'requests/min',
        reason:
          'Requests of one address (IPv6: one /64) without a valid key; enough for people, too little to try keys.',
      }),
      requestsPerMinuteKey: key(z.number().int().min(1).max(1_000_000).default(12_000), {
        unit: 'requests/min',
        reason:
          'Requests of one key; a hundred bills a second, each asked for once, are 12,000: a busy program, more is a loop.',
      }),
      gateway: key(z.boolean().default(true), {
        unit: 'true or false',
        reason: 'Serves /ipfs/CID as raw blocks and CAR to anybody; what is there is public or encrypted.',
      }),
    })
    .prefault({}),
  operator: z
    .strictObject({
      host: key(z.string().min(1).max(255).default('127.0.0.1'), {
        unit: 'address',
        reason: 'Interface of the operator listener: accounts, keys, metrics; loopback, since it administers the node.',
      }),
      port: key(z.number().int().min(0).max(65_535).default(4481), {
        unit: 'port',
        reason: 'TCP port of the operator listener; 0 takes a free one.',
      }),
    })
    .prefault({}),
  webhooks: z
    .strictObject({
      allowPrivate: key(z.boolean().default(false), {
        unit: 'true or false',
        reason:
          'Lets webhooks reach private and loopback addresses and plain http; off, so that an account cannot make the node call inside its own network.',
      }),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: key(z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'), {
        unit: 'level',
        reason: 'Least severe level that is written, as JSON lines on standard error.',
      }),
    })
    .prefault({}),
})

/** A node's configuration: complete, checked and frozen. */
export type Config = z.output<typeof configShape>
/** What a source may say: any part of a configuration. */
export type ConfigInput = z.input<typeof configShape>
