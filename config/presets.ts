import type { ConfigInput } from './schema.ts'

/** A part of a configuration, to be completed by file, environment and flags. */
export type Preset = { readonly [K in keyof ConfigInput]?: Partial<ConfigInput[K]> }

/**
 * Named starting points.
 *
 * `devnet`: everything on one machine against an embedded chain with blocks of one second; short timers so that a bill is
 * final within seconds. `example-sepolia`: a public test net with blocks of twelve seconds; only the example of
 * `config/networks/example-sepolia/`, not a network that runs.
 */
export const PRESETS = {
  devnet: {
    network: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    chain: { rpcUrl: 'http://127.0.0.1:8545' },
    anchor: { intervalMs: 3_000, stageMs: 2_000 },
    batch: { lingerMs: 50 },
    sync: { intervalMs: 2_000 },
    api: { port: 0 },
    operator: { port: 0 },
  },
  'example-sepolia': {
    chain: { rpcUrl: 'https://ethereum-sepolia-rpc.publicnode.com' },
    anchor: { intervalMs: 600_000, stageMs: 60_000 },
  },
} as const satisfies Record<string, Preset>

/** Name of a preset. */
export type PresetName = keyof typeof PRESETS

/** True if a text names a preset. */
export function isPresetName(text: string): text is PresetName {
  return Object.hasOwn(PRESETS, text)
}
