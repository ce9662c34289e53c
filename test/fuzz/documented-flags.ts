import { readFileSync } from 'node:fs'

const FACTS = new URL('../../docs/spec/facts.md', import.meta.url)

/** True for flags that `docs/spec/facts.md` has in one of its tables; `quality-f…` there stands for all that begin so. */
export function readKnownFlags(): (flag: string) => boolean {
  const rows = [...readFileSync(FACTS, 'utf8').matchAll(/^\| `([^`]+)`/gm)].map(([, flag = '']) => flag)
  const whole = new Set(rows.filter((flag) => !flag.endsWith('…')))
  const beginnings = rows.filter((flag) => flag.endsWith('…')).map((flag) => flag.slice(0, -1))
  return (flag) => whole.has(flag) || beginnings.some((beginning) => flag.startsWith(beginning))
}
