import { changeDigit, nastyText } from './nasty.ts'
import type { Prng } from './prng.ts'

/** One piece of an XML text: a tag, a comment, a declaration, or characters. */
type Token = string
/** An element by the tokens of its tags; equal for self-closing ones. */
type Span = { readonly from: number; readonly to: number }

/** Most copies that one mutation makes: enough for limits of depth and repetition, too few for limits of size. */
const MAX_COPIES = 80

/** The text with one change to its elements, attributes, texts, namespaces, entities or depth. */
export function mutateXml(text: string, other: string, random: Prng): string {
  const tokens = tokenize(text)
  const spans = findSpans(tokens)
  if (spans.length === 0) return text + nastyText(random)
  const span = random.pick(spans)
  switch (random.below(17)) {
    case 0:
      return joinWith(tokens, span, () => '')
    case 1:
      return joinWith(tokens, span, (inner) => inner + inner)
    case 2:
      return joinWith(tokens, span, (inner) => inner.repeat(1 + random.below(MAX_COPIES)))
    case 3:
      return moveElement(tokens, spans, random)
    case 4:
      return renameElement(tokens, span, spans, random)
    case 5:
    case 6:
    case 7:
      return changeText(tokens, random)
    case 8:
    case 9:
      return changeAttribute(tokens, random)
    case 10:
      return joinWith(tokens, span, (inner) => nest(nameOf(tokens[span.from] ?? ''), inner, random))
    case 11:
      return joinWith(tokens, span, (inner) => `${inner}${pickElement(other, random)}`)
    case 12:
      return changeNamespace(tokens, span, random)
    case 13:
      return insertAnywhere(tokens, random, random.pick(MARKUP))
    case 14:
      return `${random.pick(PROLOGUES)}${text.replace(/^\uFEFF?<\?xml[^]*?\?>/, '')}`
    case 15:
      return tokens.filter((_, index) => index !== random.below(tokens.length)).join('')
    default:
      return swapElements(tokens, spans, random)
  }
}

const MARKUP = [
  '<!-- -->',
  '<![CDATA[7]]>',
  '<?pi x?>',
  '&amp;',
  '&kwh;',
  '&#x0;',
  '<!DOCTYPE a>',
  ']]>',
  '<',
  '<x:y/>',
  '</feed>',
  '<a b="1" b="2"/>',
] as const

const PROLOGUES = [
  '<?xml version="1.0" encoding="UTF-16"?>',
  '<?xml version="1.1"?>',
  '<?xml version="1.0" standalone="yes"?>',
  '\uFEFF',
  '<!DOCTYPE feed [<!ENTITY kwh "9999">]>',
  '<!DOCTYPE feed SYSTEM "file:///etc/passwd">',
  ' ',
  'x',
] as const

function tokenize(text: string): Token[] {
  return text.match(/<!--[^]*?-->|<!\[CDATA\[[^]*?\]\]>|<[^>]*>|[^<]+|</g) ?? []
}

function nameOf(tag: Token): string {
  return /^<\/?([^\s/>]+)/.exec(tag)?.[1] ?? ''
}

function findSpans(tokens: readonly Token[]): Span[] {
  const spans: Span[] = []
  const open: number[] = []
  tokens.forEach((token, index) => {
    if (!/^<\/?[A-Za-z_]/.test(token)) return
    if (token.endsWith('/>')) spans.push({ from: index, to: index })
    else if (token.startsWith('</')) {
      const from = open.pop()
      if (from !== undefined) spans.push({ from, to: index })
    } else open.push(index)
  })
  return spans
}

function joinWith(tokens: readonly Token[], { from, to }: Span, change: (inner: string) => string): string {
  const inner = tokens.slice(from, to + 1).join('')
  return tokens.slice(0, from).join('') + change(inner) + tokens.slice(to + 1).join('')
}

function moveElement(tokens: readonly Token[], spans: readonly Span[], random: Prng): string {
  const moved = random.pick(spans)
  const inner = tokens.slice(moved.from, moved.to + 1).join('')
  const rest = [...tokens.slice(0, moved.from), ...tokens.slice(moved.to + 1)]
  const at = random.below(rest.length + 1)
  return [...rest.slice(0, at), inner, ...rest.slice(at)].join('')
}

function swapElements(tokens: readonly Token[], spans: readonly Span[], random: Prng): string {
  const [a, b] = [random.pick(spans), random.pick(spans)].toSorted((one, two) => one.from - two.from)
  if (a === undefined || b === undefined || b.from <= a.to) return tokens.join('')
  const piece = (span: Span): string => tokens.slice(span.from, span.to + 1).join('')
  return [
    ...tokens.slice(0, a.from),
    piece(b),
    ...tokens.slice(a.to + 1, b.from),
    piece(a),
    ...tokens.slice(b.to + 1),
  ].join('')
}

function renameElement(tokens: readonly Token[], span: Span, spans: readonly Span[], random: Prng): string {
  const name = random.once(3) ? nastyName(random) : nameOf(tokens[random.pick(spans).from] ?? '')
  const renamed = (tag: Token): Token => tag.replace(/^(<\/?)[^\s/>]+/, `$1${name}`)
  return tokens.map((token, index) => (index === span.from || index === span.to ? renamed(token) : token)).join('')
}

function nastyName(random: Prng): string {
  return random.pick([
    '__proto__',
    'constructor',
    'x:value',
    'xmlns:a',
    'IntervalReading',
    'value',
    'Invoice',
    'a'.repeat(500),
  ])
}

function changeText(tokens: readonly Token[], random: Prng): string {
  const texts = tokens.flatMap((token, index) => (token.startsWith('<') || token.trim() === '' ? [] : [index]))
  if (texts.length === 0) return tokens.join('')
  const at = random.pick(texts)
  const change = (text: string): string => (random.once(2) ? changeDigit(text, random) : nastyText(random))
  return tokens.map((token, index) => (index === at ? change(token) : token)).join('')
}

function changeAttribute(tokens: readonly Token[], random: Prng): string {
  const tags = tokens.flatMap((token, index) => (/^<[A-Za-z_][^>]*=/.test(token) ? [index] : []))
  if (tags.length === 0) return tokens.join('')
  const at = random.pick(tags)
  const changed = (tag: Token): Token => {
    const attributes = [...tag.matchAll(/\s[^\s=]+\s*=\s*("[^"]*"|'[^']*')/g)].map(([found]) => found)
    const one = attributes.length === 0 ? '' : random.pick(attributes)
    switch (random.below(4)) {
      case 0:
        return tag.replace(one, '')
      case 1:
        return tag.replace(one, one + one)
      case 2:
        return tag.replace(
          one,
          one.replace(/=.*/s, () => `="${changeDigit(one.split('=').slice(1).join('=').slice(1, -1), random)}"`),
        )
      default:
        return tag.replace(
          one,
          ` ${random.pick(['rel', 'href', 'xmlns', 'unitCode', 'schemeID', 'a'])}="${nastyText(random).replaceAll(/["<&]/g, '')}"`,
        )
    }
  }
  return tokens.map((token, index) => (index === at ? changed(token) : token)).join('')
}

function changeNamespace(tokens: readonly Token[], span: Span, random: Prng): string {
  const uri = random.pick([
    '',
    'urn:evil',
    'http://naesb.org/espi',
    'http://www.w3.org/2005/Atom',
    'urn:oasis:names:specification:ubl:schema:xsd:Invoice-2',
  ])
  return tokens
    .map((token, index) => (index === span.from ? token.replace(/^<([^\s/>]+)/, `<$1 xmlns="${uri}"`) : token))
    .join('')
}

function nest(name: string, inner: string, random: Prng): string {
  const depth = 1 + random.below(MAX_COPIES)
  return `<${name}>`.repeat(depth) + inner + `</${name}>`.repeat(depth)
}

function pickElement(text: string, random: Prng): string {
  const tokens = tokenize(text)
  const spans = findSpans(tokens)
  if (spans.length === 0) return ''
  const { from, to } = random.pick(spans)
  return tokens.slice(from, to + 1).join('')
}

function insertAnywhere(tokens: readonly Token[], random: Prng, piece: string): string {
  const at = random.below(tokens.length + 1)
  return [...tokens.slice(0, at), piece, ...tokens.slice(at)].join('')
}
