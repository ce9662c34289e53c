/*
 * Prints everything that bills and requests of this repository become, as lines of JSON: a test compares the bytes of
 * machines that are set to different languages and time zones. On standard error, how this machine is set.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { estimateLine, extractBill } from '#audit'
import { loadDatasets } from '#datasets'
import { encodeFacts, extractionToJson, formatDecimal, placeShape, sha256, toHex, utf8 } from '#protocol'
import { entry, greenButtonFile, NEW_YEAR_S } from '../unit/audit/green-button-file.ts'

const ROOT = new URL('../../', import.meta.url)
const SAMPLES = new URL('samples/', ROOT)
const VECTORS = new URL('test/vectors/rules-1/', ROOT)

const manifestShape = z.array(z.object({ file: z.string(), declaredPlace: placeShape.optional() }))
const vectorsShape = z.array(z.object({ name: z.string(), request: z.record(z.string(), z.unknown()) }))

/** Readings across New Year at an offset of their own; none of the samples has them. */
const MADE = utf8(
  greenButtonFile({
    tzOffset: '-28800',
    entries: [
      entry(
        {},
        '<ServiceLocation><mainAddress><townDetail><country>it</country></townDetail></mainAddress></ServiceLocation>',
      ),
    ],
    readings: [
      { start: NEW_YEAR_S - 10 * 86_400 + 28_800, durationS: 10 * 86_400 - 3_600, value: '1234567' },
      { start: NEW_YEAR_S + 25_200, durationS: 9_000, value: '1000' },
      { start: NEW_YEAR_S + 34_200, durationS: 10 * 86_400 - 5_400, value: '7654321' },
    ],
  }),
)

const source = await loadDatasets()
const manifest = manifestShape.parse(JSON.parse(readFileSync(new URL('manifest.json', SAMPLES), 'utf8')))
const bills = manifest.map(({ file, declaredPlace }) => ({
  bytes: readFileSync(new URL(file, SAMPLES)),
  declaredPlace,
}))

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

for (const { bytes, declaredPlace } of [...bills, { bytes: MADE, declaredPlace: undefined }]) {
  const extraction = await extractBill(bytes)
  print(JSON.stringify(extractionToJson(extraction)))
  for (const facts of extraction.bills) {
    print(toHex(sha256(encodeFacts(facts))))
    print(JSON.stringify(facts.readings?.whByYear ?? null))
    const { start, end } = facts.service
    const energy = { amount: formatDecimal(facts.import.value), unit: facts.import.unit }
    print(estimateLine(JSON.stringify({ place: facts.place ?? declaredPlace, period: { start, end }, energy }), source))
  }
}
for (const file of readdirSync(VECTORS).sort()) {
  for (const { name, request } of vectorsShape.parse(JSON.parse(readFileSync(new URL(file, VECTORS), 'utf8')))) {
    print(`${name}: ${estimateLine(JSON.stringify(request), source)}`)
  }
}
const { timeZone, locale } = new Intl.DateTimeFormat().resolvedOptions()
process.stderr.write(`${timeZone} ${locale}\n`)
