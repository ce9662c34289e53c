import { deflateSync } from 'node:zlib'
import { pdfFile, streamObject } from './pdf-file.ts'
import type { MadeObject, MadePdf } from './pdf-file.ts'
import { rgePage } from './rge-bill.ts'

const TEXT = 'BT /F1 9 Tf 10 10 Td (a) Tj ET '
const FORM = '/Type /XObject /Subtype /Form /BBox [0 0 600 900]'
const FONT = '/Font << /F1 3 0 R >>'

/** A page with these resources, and a rest of its dictionary. */
export function pageWith(resources: string, rest = '/Contents 101 0 R'): MadeObject {
  const body = `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << ${resources} >> ${rest} >>`
  return { number: 100, body }
}

/** A form. */
export function formObject(number: number, content: string, entries = ''): MadeObject {
  return streamObject(number, content, true, `${FORM} ${entries}`)
}

/** A font program (Adobe Technical Note 5176) whose ten subroutines each call the next one so often. */
export function fanningFont(calls: number): Uint8Array {
  const u16 = (value: number): number[] => [value >> 8, value & 0xff]
  const u32 = (value: number): number[] => [29, 0, 0, ...u16(value)]
  const index = (items: readonly (readonly number[])[]): number[] => {
    if (items.length === 0) return [0, 0]
    let at = 1
    const offsets = [at, ...items.map((item) => (at += item.length))]
    return [...u16(items.length), 2, ...offsets.flatMap(u16), ...items.flat()]
  }
  // A subroutine's number is given less 107, and a small number as itself plus 139.
  const subroutines = Array.from({ length: 10 }, (_, level) =>
    level === 9 ? [11] : [...Array.from({ length: calls }, () => [level + 1 + 32, 29]).flat(), 11],
  )
  const head = [1, 0, 4, 2, ...index([[0x41]])]
  const top = (offset: number): number[] => index([[...u32(offset), 17, ...u32(0), ...u32(offset), 18]])
  const rest = [...index([]), ...index(subroutines)]
  const offset = head.length + top(0).length + rest.length
  return Uint8Array.from([...head, ...top(offset), ...rest, ...index([[14], [32, 29, 14]])])
}

/** A bill whose font has a program; the key may be spelled in any way. */
export function withFontProgram(program: Uint8Array, key = '/FontFile3', more: Partial<MadePdf> = {}): MadePdf {
  const descriptor = `<< /Type /FontDescriptor /FontName /Fan /Flags 32 ${key} 502 0 R >>`
  const widths = Array.from({ length: 224 }, () => '500').join(' ')
  const font = `<< /Type /Font /Subtype /Type1 /BaseFont /Fan /Encoding /WinAnsiEncoding /FirstChar 32 /LastChar 255 /Widths [${widths}] /FontDescriptor 501 0 R >>`
  return {
    pages: [rgePage()],
    instead: [{ number: 3, body: font }, ...(more.instead ?? [])],
    objects: [
      { number: 501, body: descriptor },
      streamObject(502, program, true, '/Subtype /Type1C'),
      ...(more.objects ?? []),
    ],
  }
}

function content(text: string, resources = FONT, objects: readonly MadeObject[] = []): MadePdf {
  return { pages: [[]], instead: [pageWith(resources), streamObject(101, text)], objects }
}

function manyFonts(count: number, bodyOf: (index: number) => string, objects: readonly MadeObject[] = []): MadePdf {
  const fonts = Array.from({ length: count }, (_, index) => ({ number: 1000 + index, body: bodyOf(index) }))
  const names = fonts.map(({ number }) => `/G${number} ${number} 0 R`).join(' ')
  const shown = fonts.map(({ number }) => `BT /G${number} 9 Tf 5 5 Td (a) Tj ET`).join(' ')
  return content(shown, `/Font << ${names} >>`, [...fonts, ...objects])
}

function composite(rest: string, descendant = ''): string {
  return `<< /Type /Font /Subtype /Type0 /BaseFont /Foo /Encoding /Identity-H ${rest} /DescendantFonts [<< /Subtype /CIDFontType2 /BaseFont /Foo ${descendant} /FontDescriptor << /FontName /Foo /Flags 4 >> >>] >>`
}

/** Streams that each draw the next one twice, in so many ways that none repeats. */
function doubling(
  levels: number,
  draw: (name: string) => string,
  nameOf = (level: number): string => `/L${level}`,
): MadePdf {
  const forms = Array.from({ length: levels }, (_, level) => {
    const next = level + 1 === levels ? TEXT : `${draw(nameOf(level + 1))} ${draw(nameOf(level + 1))}`
    return formObject(500 + level, next)
  })
  const names = forms.map(({ number }, level) => `${nameOf(level)} ${number} 0 R`).join(' ')
  return content(draw(nameOf(0)), `${FONT} /XObject << ${names} >>`, forms)
}

/** Forms with empty resources of their own, where pdf.js finds none and takes those of the page. */
function withResources(resources: string, ...more: readonly MadeObject[]): MadePdf {
  const made = doubling(20, (name) => `${name} Do`)
  const objects = made.objects?.map((one) => ({ ...one, body: one.body.replace('/BBox', `${resources} /BBox`) })) ?? []
  return { ...made, objects: [...objects, ...more] }
}

const LARGE = 400_000
const hexRange = (range: string): MadeObject => streamObject(900, `1 beginbfrange ${range} endbfrange`)
const upRows = (row: string, count: number): Uint8Array =>
  Buffer.concat([
    Buffer.from(`\0${row}`, 'latin1'),
    Buffer.concat(Array.from({ length: count }, () => Buffer.from([2, ...Array.from(row, () => 0)]))),
  ])

/** Small files that took pdf.js seconds to for ever, or that would; and what they are. */
export const HOSTILE_PDFS: Readonly<Record<string, () => MadePdf>> = {
  'states saved and restored': () => content('q Q '.repeat(3_000_000)),
  'states saved only': () => content('q '.repeat(30_000)),
  'states saved to some depth, again and again': () => content(`${'q '.repeat(60)}${'Q '.repeat(60)}`.repeat(20_000)),
  'operators without blanks': () => content('qQ'.repeat(4_000_000)),
  'text objects': () => content('BT ET '.repeat(700_000)),
  'fonts chosen in turn': () => content('/F1 9 Tf /F1 8 Tf '.repeat(LARGE)),
  'numbers that show nothing': () => content('[1 2 3 4 5 6 7 8 9]TJ '.repeat(LARGE)),
  'letters beside the page': () =>
    content(`BT /F1 9 Tf 1 0 0 1 5 5000 Tm (${'abcdefghij'.repeat(1000)}) Tj ET `.repeat(1_000)),
  'letters in hex': () => content(`BT /F1 9 Tf 1 0 0 1 5 5000 Tm <${'61'.repeat(10_000)}> Tj ET `.repeat(500)),
  'unknown words': () => content('zz '.repeat(2_000_000)),
  'dictionaries of marks': () => content('/P <</A 1/B 2/C 3/D 4>> BDC EMC '.repeat(LARGE)),
  'one content many times': () => ({
    pages: [[]],
    instead: [pageWith(FONT, `/Contents [${'101 0 R '.repeat(2_000)}]`), streamObject(101, 'BT ET '.repeat(10_000))],
  }),
  'one content many times, by an array of its own': () => ({
    pages: [[]],
    instead: [pageWith(FONT, '/Contents 500 0 R'), streamObject(101, 'BT ET '.repeat(10_000))],
    objects: [{ number: 500, body: `[${'101 0 R '.repeat(2_000)}]` }],
  }),
  'one page many times': () => ({
    pages: [[]],
    instead: [
      { number: 2, body: `<< /Type /Pages /Kids [${'100 0 R '.repeat(200)}] /Count 200 >>` },
      streamObject(101, 'BT ET '.repeat(50_000)),
    ],
  }),
  'one branch of the pages under two': () => ({
    pages: [[]],
    instead: [
      { number: 2, body: '<< /Type /Pages /Kids [500 0 R 501 0 R] /Count 2 >>' },
      streamObject(101, 'BT ET '.repeat(50_000)),
    ],
    objects: [500, 501].map((number) => ({
      number,
      body: '<< /Type /Pages /Parent 2 0 R /Kids [100 0 R] /Count 1 >>',
    })),
  }),
  'forms that draw the next one twice': () => doubling(20, (name) => `${name} Do`),
  'forms drawn by names with escapes': () => doubling(20, (name) => `${name.replace('L', '#4C')} Do`),
  'forms drawn without blanks': () => doubling(20, (name) => `${name} DoQ`),
  'forms drawn behind comments': () => doubling(20, (name) => `${name}%\nDo`),
  'forms drawn behind an inline image': () => doubling(20, (name) => `BI /W 1 /H 1 /BPC 8 /CS /G ID ( EI ${name} Do`),
  'forms inside forms': () => doubling(60, (name) => `${name} Do %`),
  'a form that shows text': () =>
    content('/X Do '.repeat(60_000), `${FONT} /XObject << /X 500 0 R >>`, [formObject(500, TEXT)]),
  'a form with a font of its own': () =>
    content('/X Do '.repeat(8_000), `${FONT} /XObject << /X 500 0 R >>`, [
      formObject(500, TEXT, '/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>'),
    ]),
  'a form with a long dictionary': () =>
    content('/X Do '.repeat(5_000), `${FONT} /XObject << /X 500 0 R >>`, [
      formObject(500, TEXT, `/Z [${'1 '.repeat(9_000)}]`),
    ]),
  'a form whose end is searched for': () =>
    content('/X Do '.repeat(5_000), `${FONT} /XObject << /X 500 0 R >>`, [
      { number: 500, body: `<< ${FORM} /Length 3 >>`, stream: `${TEXT}${' '.repeat(50_000)}` },
    ]),
  'a form whose kind stands elsewhere': () => {
    const made = doubling(20, (name) => `${name} Do`)
    const objects = made.objects?.map((object) => ({ ...object, body: object.body.replace('/Form', '980 0 R') })) ?? []
    return { ...made, objects: [...objects, { number: 980, body: '/Form' }] }
  },
  'forms whose resources are not in the table of objects': () =>
    withResources('/Resources 900 0 R', { number: 980, body: '<< >>\nendobj\n900 0 obj\n<< >>' }),
  'forms whose resources are nothing in another revision': () =>
    withResources('/Resources 900 0 R', { number: 900, body: 'null' }, { number: 900, body: '<< >>' }),
  'forms whose resources are stated twice': () => withResources('/Resources << >> /Resources null'),
  'content whose own resources nobody reads': () => {
    const made = doubling(20, (name) => `${name} Do`)
    const own = streamObject(101, '/L0 Do', true, '/Resources << >>')
    return { ...made, instead: [...(made.instead ?? []).filter(({ number }) => number !== 101), own] }
  },
  'content that is a form as well': () => {
    const made = doubling(20, (name) => `${name} Do`)
    const [page] = made.instead ?? []
    const body =
      page?.body.replace('/XObject <<', '/XObject << /X 600 0 R').replace('101 0 R', '[101 0 R 600 0 R]') ?? ''
    const form = formObject(600, '/L0 Do', '/Resources << /XObject << /L0 601 0 R >> >>')
    const objects = [...(made.objects ?? []), form, formObject(601, TEXT)]
    return { ...made, instead: [{ number: 100, body }, streamObject(101, '/X Do ')], objects }
  },
  'content as rows of differences': () => {
    const stream = deflateSync(upRows('q Q '.repeat(8), 200_000))
    const packing = '/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 32 >>'
    return { pages: [[]], instead: [pageWith(FONT), { number: 101, body: `<< ${packing} >>`, stream }] }
  },
  'content behind its end mark': () => {
    const stream = `q Q endstream ${'q Q '.repeat(20_000)}`
    return {
      pages: [[]],
      instead: [pageWith(FONT), { number: 101, body: `<< /Length ${stream.length} >>`, stream }],
    }
  },
  'content on the line of its word': () => {
    const decoy = deflateSync(Buffer.from('q Q'))
    const real = deflateSync(Buffer.from('q Q '.repeat(3_000_000)))
    const file = {
      number: 101,
      body: '<< /Filter /FlateDecode >>\nstream',
      stream: Buffer.concat([decoy, Buffer.from('\n'), real]),
    }
    return { pages: [[]], instead: [pageWith(FONT), file] }
  },
  'strings over two streams': () => ({
    pages: [[]],
    instead: [pageWith(FONT, '/Contents [500 0 R 101 0 R]'), streamObject(101, `( ${'/X Do '.repeat(9)} ) Tj`)],
    objects: [streamObject(500, 'q Q %')],
  }),
  fonts: () => manyFonts(2_600, () => '<< /Subtype /Type1 /BaseFont /F >>'),
  'fonts with codes of two bytes': () => manyFonts(450, (index) => composite('', `/W [0 [${index}]]`)),
  'a character map many times': () =>
    manyFonts(60, (index) => composite('/ToUnicode 900 0 R', `/W [0 [${index}]]`), [hexRange('<0000> <ffff> <0000>')]),
  'a character map with comments': () =>
    manyFonts(1, () => composite('/ToUnicode 900 0 R'), [hexRange('<0000> % c\n <00ffffff> <0000>')]),
  'a character map with long numbers': () =>
    manyFonts(1, () => composite('/ToUnicode 900 0 R'), [
      hexRange(`<${'0'.repeat(80)}> <${'0'.repeat(80)}00ffffff> <0000>`),
    ]),
  'a character map with long texts': () =>
    manyFonts(3, () => composite('/ToUnicode 900 0 R'), [hexRange(`<0000> <ffff> <${'0041'.repeat(20_000)}>`)]),
  'a character map with many kinds of codes': () =>
    manyFonts(1, () => composite('/ToUnicode 900 0 R').replace('/Identity-H', '900 0 R'), [
      streamObject(900, `1 begincodespacerange ${'<00> <00> '.repeat(20_000)} endcodespacerange`),
    ]),
  'widths in long ranges': () => manyFonts(1, () => composite('', `/W [${'0 65535 1 '.repeat(5_000)}]`)),
  'widths in long ranges, elsewhere': () =>
    manyFonts(9, () => composite('', '/W 900 0 R'), [{ number: 900, body: `[${'0 65535 1 '.repeat(5_000)}]` }]),
  'widths in ranges whose ends stand elsewhere': () =>
    manyFonts(1, () => composite('', `/W [${'0 901 0 R 1 '.repeat(4_000)}]`), [{ number: 901, body: '65535' }]),
  'letters that are drawn': () => {
    const type3 =
      '<< /Type /Font /Subtype /Type3 /FontBBox [0 0 9 9] /FontMatrix [1 0 0 1 0 0] /FirstChar 97 /LastChar 97 /Widths [9] /Encoding << /Differences [97 /a] >> /CharProcs << /a 900 0 R >> >>'
    return manyFonts(30, () => type3, [streamObject(900, `9 0 d0 ${'0 0 m 9 9 l S '.repeat(200_000)}`)])
  },
  'resources that every page inherits': () => {
    const names = Array.from({ length: 6_000 }, (_, index) => `/R${index} 0`).join(' ')
    const kids = Array.from({ length: 256 }, (_, index) => 1000 + index)
    return {
      pages: [[]],
      instead: [
        { number: 2, body: `<< /Type /Pages /Kids [${kids.map((kid) => `${kid} 0 R`).join(' ')}] /Count 256 >>` },
      ],
      objects: [
        { number: 900, body: `<< ${names} >>` },
        { number: 901, body: '<< /Parent 901 0 R /Resources 900 0 R >>' },
        ...kids.map((number) => ({
          number,
          body: '<< /Type /Page /Parent 901 0 R /Resources 900 0 R /MediaBox [0 0 9 9] >>',
        })),
      ],
    }
  },
  'a font program': () => withFontProgram(fanningFont(12)),
  'a font program under a name with escapes': () => withFontProgram(fanningFont(12), '/Font#46ile3'),
  'an object stream of 22 MB': () => ({
    pages: [[]],
    objects: [
      streamObject(500, `7 0 [${'1 '.repeat(9_000)}]${' '.repeat(22_000_000)}`, true, '/Type /ObjStm /N 1 /First 4'),
    ],
  }),
}

/** The file of a hostile PDF. */
export function hostileFile(name: string): Uint8Array {
  return pdfFile(HOSTILE_PDFS[name]?.() ?? {})
}
