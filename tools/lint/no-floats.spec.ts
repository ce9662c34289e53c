import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { toolFile } from '../installed.ts'

const ROOT = new URL('../../', import.meta.url)

const reportShape = z.object({ diagnostics: z.array(z.object({ code: z.string(), filename: z.string() })) })

/** Lines that must fail, by the rule that must say so; `x`, `y` are numbers, `n` is a bigint, `t` is a text. */
const FORBIDDEN: Readonly<Record<string, readonly string[]>> = {
  'no-fraction-literal': [
    'y = 0.5',
    'y = 1.0',
    'y = .5',
    'y = 1e3',
    'y = 1E-3',
    'y = 9007199254740992',
    'y = 0x20000000000001',
    'y = NaN',
    'y = -Infinity',
  ],
  'no-division': [
    'y = x / 2',
    'y /= 2',
    'y = x ** 2',
    'y **= 2',
    'y = 10 / (x + 1)',
    'n = r.n / r.d',
    'const half = x, q = half / y; y = q',
    'const { n: part } = r; n = part / part',
    'for (let i = 8; i > 1; i /= 2) y = i',
    'n = BigInt(x / 2)',
  ],
  'no-number-from-text': [
    'y = Number(t)',
    'y = Number(n)',
    'ys = [t].map(Number)',
    'y = +t',
    'y = parseFloat(t)',
    'y = parseInt(t, 10)',
    'y = Number.parseFloat(t)',
    'y = Number.EPSILON',
    "y = Number['parseFloat'](t)",
    'const { parseFloat: read } = Number; y = read(t)',
    'const read = Number; y = read(t)',
    'y = (Number as unknown as (text: string) => number)(t)',
    'class C { static read = Number }; y = C.read(t)',
    'y = globalThis.parseFloat(t)',
    "y = eval('0.5')",
    's = z.coerce.number().int()',
  ],
  'no-float-math': [
    'y = Math.round(x)',
    'y = Math.floor(x)',
    'y = Math.sqrt(x)',
    'y = Math.random()',
    'y = Math.PI',
    "y = Math['cbrt'](x)",
    'const { hypot } = Math; y = hypot(x)',
    'y = [x].map(Math.log)[0] ?? x',
  ],
  'no-float-text': [
    't = x.toFixed(2)',
    't = x.toPrecision(3)',
    't = x.toExponential()',
    "t = x['toFixed'](1)",
    'const { toFixed } = x; t = toFixed.call(x)',
  ],
  'no-locale': [
    't = x.toLocaleString()',
    't = t.toLocaleUpperCase()',
    "y = t.localeCompare('b')",
    "t = new Intl.NumberFormat('en').format(x)",
    'y = new Date(x).getFullYear()',
    'y = Date.now()',
  ],
  'no-float-bytes': [
    'const list = new Float64Array(1); y = list[0] ?? x',
    'y = Float32Array.of(x)[0] ?? x',
    'y = new DataView(b).getFloat64(x)',
    'new DataView(b).setFloat32(x, y)',
    'y = Buffer.from(b).readDoubleLE(x)',
    'Buffer.from(b).writeFloatBE(x)',
  ],
  'no-json-number': [
    'y = JSON.parse(t).amount',
    'const found = JSON.parse(t); y = found.amount',
    'y = JSON.parse(t) as number',
    'const found: { amount: number } = JSON.parse(t); y = found.amount',
    'const read = (): number => JSON.parse(t); y = read()',
    's = z.number()',
    's = z.number().min(1).optional()',
    's = z.object({ a: z.array(z.number().positive()) })',
    's = z.float64()',
  ],
}

/** Lines that must pass all of these rules. */
const ALLOWED: readonly string[] = [
  'y = 9_007_199_254_740_991',
  'y = -0x10 + 0b1 + 0o7',
  'y = Math.max(x, 1) - Math.min(x, y) + Math.abs(x) * Math.sign(y) + (x % 7)',
  'n = (n * 10n) / m',
  'n = -(n / 10n) + 2n ** n + BigInt(x) / n',
  'n /= 10n',
  'n = n / m - m ** n',
  'const unit = -(10n ** BigInt(x)); n = r.n / unit',
  'if (Number.isSafeInteger(x)) y = Number.MAX_SAFE_INTEGER',
  "t = 'Math.round(0.5) / 2' // 0.5 / 2",
  't = `${x} g/kWh`.toUpperCase()',
  'if (/0.5/.test(t)) y = x',
  "const words = { NaN: 1, Date: 2, Number: 3 }; y = words.NaN + words.Date + words['Number']",
  's = z.number().int().min(1)',
  's = z.number().min(1).int().optional()',
  's = z.string().parse(JSON.parse(t))',
  'const found: unknown = JSON.parse(t); s = found',
  's = JSON.parse(t)',
  'const read = (): unknown => JSON.parse(t); s = read()',
  'const read = (): unknown => { try { return JSON.parse(t) } finally { y = x } }; s = read()',
  'y = JSON.parse(t, (_key, value: unknown) => value)',
]

const HEAD = `import { z } from 'zod'
import { toolFile } from '../installed.ts'
let y: number
let n: bigint
let t: string
let s: unknown
let ys: number[]
export function planted(x: number, m: bigint, b: ArrayBuffer, r: { n: bigint; d: bigint }): unknown[] {
`

function fileOf(line: string): string {
  return `${HEAD}  ${line}\n  return [y, n, t, s, ys]\n}\n`
}

/** Codes of these rules by file, in a copy of the project's configuration. */
async function lint(files: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, readonly string[]>> {
  const folder = await mkdtemp(join(tmpdir(), 'kwitness-lint-'))
  try {
    await cp(new URL('.oxlintrc.json', ROOT), join(folder, '.oxlintrc.json'))
    await cp(new URL('tools/lint/', ROOT), join(folder, 'tools', 'lint'), { recursive: true })
    for (const [file, text] of files) {
      await mkdir(dirname(join(folder, file)), { recursive: true })
      await writeFile(join(folder, file), text)
    }
    const output = await new Promise<string>((resolve) => {
      const limits = { cwd: folder, maxBuffer: 64 * 1024 * 1024 }
      execFile(process.execPath, [toolFile('oxlint'), '--format', 'json', '.'], limits, (_, stdout) => resolve(stdout))
    })
    const found = new Map<string, string[]>([...files.keys()].map((file) => [file, []]))
    for (const { code, filename } of reportShape.parse(JSON.parse(output)).diagnostics) {
      const rule = /^exact\((.+)\)$/.exec(code)?.[1]
      const rules = found.get(filename)
      if (rule !== undefined && rules?.includes(rule) === false) rules.push(rule)
    }
    return found
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

describe('the rules against floats', () => {
  it('report each planted line, each by its own rule, in audit/ and datasets/ and at any depth', async () => {
    const planted = Object.entries(FORBIDDEN).flatMap(([rule, lines]) => lines.map((line) => ({ rule, line })))
    const folders = ['audit', 'audit/formats/espi', 'datasets', 'datasets/recipes']
    const files = planted.map(({ rule, line }, index) => {
      const file = `${folders[index % folders.length] ?? ''}/planted-${index}.ts`
      return { file, rule, line }
    })
    const found = await lint(new Map(files.map(({ file, line }) => [file, fileOf(line)])))
    for (const { file, rule, line } of files) assert.deepEqual(found.get(file), [rule], line)
  })

  it('let pass what is exact', async () => {
    const files = ALLOWED.map((line, index) => ({ file: `audit/planted-${index}.ts`, line }))
    const found = await lint(new Map(files.map(({ file, line }) => [file, fileOf(line)])))
    for (const { file, line } of files) assert.deepEqual(found.get(file), [], line)
  })

  it('leave the other folders alone: a page may show a rounded figure', async () => {
    const lines = Object.values(FORBIDDEN).flat()
    const files = new Map(lines.map((line, index) => [`node/planted-${index}.ts`, fileOf(line)]))
    assert.deepEqual([...(await lint(files)).values()].flat(), [])
  })
})
