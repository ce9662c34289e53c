/**
 * Configuration of a node and charters as people write them.
 *
 * `schema.ts` has every key with its unit, default and reason; `parse-config.ts` merges defaults, preset, file, environment
 * and flags in that order; `charter-json.ts` turns charters into readable JSON and back. Pure: no disk, no clock.
 */
export * from './charter-json.ts'
export * from './config-error.ts'
export * from './config-keys.ts'
export * from './parse-config.ts'
export * from './presets.ts'
export * from './schema.ts'
