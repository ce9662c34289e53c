import { grouped } from './bill-lines.ts'

const WEI_PER_ETHER = 10n ** 18n
/** Wei in the last digit that is shown. */
const LAST_DIGIT = 10n ** 14n

/** Ether with four digits behind the point, cut: never more than there is. */
export function etherText(wei: bigint): string {
  const rest = String((wei % WEI_PER_ETHER) / LAST_DIGIT).padStart(4, '0')
  return `${grouped(wei / WEI_PER_ETHER)}.${rest}`
}
