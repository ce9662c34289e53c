import { z } from 'zod'
import { configShape } from './schema.ts'
import type { KeyNotes } from './schema.ts'

/** How the text of a variable or flag becomes a value. */
export type KeyKind = 'text' | 'integer' | 'list' | 'choice' | 'switch'

/** One leaf of the schema. */
export type ConfigKey = KeyNotes & {
  /** Path in the file, such as `anchor.intervalMs`. */
  readonly path: string
  /** Environment variable, such as `KWITNESS_ANCHOR_INTERVAL_MS`. */
  readonly variable: string
  readonly kind: KeyKind
  /** Choices of a `choice`. */
  readonly choices: readonly string[]
  /** Default value; `undefined` if there is none. */
  readonly fallback: unknown
  readonly isRequired: boolean
}

/** Every key of the schema in its order. */
export function listConfigKeys(): ConfigKey[] {
  return keysOf(configShape, [])
}

function keysOf(shape: z.ZodObject, parents: readonly string[]): ConfigKey[] {
  return Object.entries(shape.shape).flatMap(([name, child]) => {
    const path = [...parents, name]
    const { inner, fallback, isRequired } = unwrap(child as z.ZodType)
    if (inner instanceof z.ZodObject) return keysOf(inner, path)
    return [
      {
        path: path.join('.'),
        variable: variableOf(path),
        ...kindOf(inner),
        fallback,
        isRequired,
        ...notesOf(child as z.ZodType, path),
      },
    ]
  })
}

function unwrap(shape: z.ZodType): { inner: z.ZodType; fallback: unknown; isRequired: boolean } {
  if (shape instanceof z.ZodDefault || shape instanceof z.ZodPrefault) {
    return { inner: shape.unwrap() as z.ZodType, fallback: shape.def.defaultValue, isRequired: false }
  }
  if (shape instanceof z.ZodOptional) {
    return { inner: shape.unwrap() as z.ZodType, fallback: undefined, isRequired: false }
  }
  return { inner: shape, fallback: undefined, isRequired: true }
}

function kindOf(shape: z.ZodType): { kind: KeyKind; choices: readonly string[] } {
  if (shape instanceof z.ZodNumber) return { kind: 'integer', choices: [] }
  if (shape instanceof z.ZodArray) return { kind: 'list', choices: [] }
  if (shape instanceof z.ZodBoolean) return { kind: 'switch', choices: [] }
  if (shape instanceof z.ZodEnum) return { kind: 'choice', choices: shape.options.map(String) }
  return { kind: 'text', choices: [] }
}

function notesOf(shape: z.ZodType, path: readonly string[]): KeyNotes {
  const { unit, reason } = shape.meta() ?? {}
  if (typeof unit !== 'string' || typeof reason !== 'string') {
    throw new TypeError(`configuration key ${path.join('.')} has no unit or reason`)
  }
  return { unit, reason }
}

function variableOf(path: readonly string[]): string {
  const words = path.map((name) => name.replace(/[A-Z]/g, (capital) => `_${capital}`).toUpperCase())
  return `KWITNESS_${words.join('_')}`
}

/** The keys as a Markdown table: what `docs/operate.md` shows, kept equal by a test. */
export function formatConfigTable(): string {
  const rows = listConfigKeys().map((key) => {
    const fallback = key.isRequired ? 'required' : key.fallback === undefined ? '' : code(JSON.stringify(key.fallback))
    const unit = key.kind === 'choice' ? key.choices.join(', ') : key.unit
    return `| ${code(key.path)} | ${unit} | ${fallback} | ${code(key.variable)} | ${key.reason} |`
  })
  return ['| key | unit | default | variable | why |', '| --- | --- | --- | --- | --- |', ...rows].join('\n')
}

function code(text: string): string {
  return `\`${text}\``
}
