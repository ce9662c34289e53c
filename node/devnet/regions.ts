const EUROPE =
  'AD AL AT BA BE BG BY CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MC MD ME MK MT NL NO PL PT RO RS SE SI SK SM UA VA XK'

/** Regions that a development network knows, with the countries that they answer for (ISO 3166-1 alpha-2). */
export const DEVNET_REGIONS = {
  'north-america': ['US', 'CA', 'MX'],
  europe: EUROPE.split(' '),
} as const satisfies Record<string, readonly string[]>

/** Name of a region of a development network. */
export type DevnetRegionName = keyof typeof DEVNET_REGIONS

/** True if a text names a region of a development network. */
export function isDevnetRegion(text: string): text is DevnetRegionName {
  return Object.hasOwn(DEVNET_REGIONS, text)
}
