import type { Place } from '#protocol'

/** A US utility that publishes Green Button files from a host of its own. */
export type UtilityHost = { readonly id: string; readonly name: string; readonly place: Place }

/**
 * Hosts of utilities that serve one state only; a link of the file must be on the host or below it.
 *
 * Numbers, names and states are those of Form EIA-861 (2019, 2020). Hosts of vendors that serve many utilities are not
 * here on purpose. Part of the extractor's version: a change of this table is a new version.
 */
const UTILITY_HOSTS: Readonly<Record<string, { readonly eia: number; readonly name: string; readonly state: string }>> =
  {
    'comed.com': { eia: 4110, name: 'Commonwealth Edison Co', state: 'IL' },
    'pge.com': { eia: 14328, name: 'Pacific Gas & Electric Co.', state: 'CA' },
    'sce.com': { eia: 17609, name: 'Southern California Edison Co', state: 'CA' },
    'sdge.com': { eia: 16609, name: 'San Diego Gas & Electric Co', state: 'CA' },
  }

/** The utility whose host all absolute links share; `undefined` when there is none or they disagree. */
export function findUtilityHost(links: readonly string[]): UtilityHost | undefined {
  const hosts = new Set(links.map(hostOf).filter((host) => host !== undefined))
  const found = new Set([...hosts].map(findDomain))
  const [domain] = found
  const utility = found.size === 1 && domain !== undefined ? UTILITY_HOSTS[domain] : undefined
  if (utility === undefined) return undefined
  const { eia, name, state } = utility
  return { id: `eia:${eia}`, name, place: { country: 'US', state, utility: { eia, state } } }
}

function findDomain(host: string): string | undefined {
  return Object.keys(UTILITY_HOSTS).find((domain) => host === domain || host.endsWith(`.${domain}`))
}

function hostOf(link: string): string | undefined {
  return /^https:\/\/([a-z0-9.-]{1,253})(?:[:/?#]|$)/i.exec(link)?.[1]?.toLowerCase()
}
