import { divideFloor, formatCivilDate } from '#protocol'

const DAY_S = 86_400

/** ISO 8601 instant of epoch seconds: `2019-01-01T08:00:00Z`. */
export function formatInstant(epochS: number): string {
  const day = divideFloor(epochS, DAY_S)
  const rest = epochS - day * DAY_S
  const clock = [divideFloor(rest, 3_600), divideFloor(rest, 60) % 60, rest % 60]
  return `${formatCivilDate(day)}T${clock.map((part) => String(part).padStart(2, '0')).join(':')}Z`
}
