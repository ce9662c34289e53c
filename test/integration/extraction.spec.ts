import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { computeEmissions, createSandbox, extractBill } from '#audit'
import type { Sandbox } from '#audit'
import { loadDatasets } from '#datasets'
import {
  decimalOfRational,
  encodeFacts,
  extractionToJson,
  formatDecimal,
  isEnergy,
  placeShape,
  toKWh,
  utf8,
} from '#protocol'
import type { Extraction, Place } from '#protocol'

const SAMPLES = new URL('../../samples/', import.meta.url)

const manifestShape = z.array(
  z.strictObject({
    file: z.string(),
    region: z.enum(['north-america', 'europe']),
    visibility: z.enum(['public', 'sealed']),
    declaredPlace: placeShape.optional(),
    expect: z.array(z.strictObject({ kWh: z.string(), start: z.string(), end: z.string(), gramsCO2e: z.string() })),
  }),
)

describe('own sample bills', () => {
  it('give exactly the figures of their manifest', async () => {
    const manifest = manifestShape.parse(JSON.parse(await readFile(new URL('manifest.json', SAMPLES), 'utf8')))
    const source = await loadDatasets()
    for (const { file, declaredPlace, expect } of manifest) {
      const { verdict, bills } = await extractBill(await readFile(new URL(file, SAMPLES)))
      assert.equal(verdict, 'facts', file)
      const found = bills.map((facts) => {
        // A place that the file names is not overruled by a declaration: the manifest must not hide one.
        assert.equal(facts.place === undefined, declaredPlace !== undefined, file)
        const place = facts.place ?? (declaredPlace as Place | undefined)
        assert.ok(place)
        assert.ok(isEnergy(facts.import))
        const { gramsCO2e } = computeEmissions({ place, service: facts.service, energy: facts.import, source })
        const kWh = decimalOfRational(toKWh(facts.import))
        assert.ok(kWh)
        return {
          kWh: formatDecimal(kWh),
          start: facts.service.start,
          end: facts.service.end,
          gramsCO2e: gramsCO2e.toString(),
        }
      })
      assert.deepEqual(found, expect, file)
    }
    assert.equal(manifest.length, 6)
    assert.equal(manifest.filter(({ visibility }) => visibility === 'sealed').length, 1)
  })
})

describe('sandbox', () => {
  const open: Sandbox[] = []
  const start = (init: Partial<Parameters<typeof createSandbox>[0]>): Sandbox => {
    const sandbox = createSandbox({ workers: 1, memoryMb: 128, timeoutMs: 30_000, ...init })
    open.push(sandbox)
    return sandbox
  }
  const signal = new AbortController().signal
  /** Well-formed, within all limits, and far more than 32 MiB as a tree. */
  const large = utf8(`<feed>${'<a b="c"/>'.repeat(1_000_000)}</feed>`)
  const bill = readFile(new URL('north-america/interval-month.xml', SAMPLES))

  afterEach(async () => {
    await Promise.all(open.splice(0).map((sandbox) => sandbox.close()))
  })

  it('gives the same facts as extraction in the same thread', async () => {
    const inside = await start({}).extract(await bill, signal)
    const outside = await extractBill(await bill)
    assert.deepEqual(extractionToJson(inside), extractionToJson(outside))
    assert.deepEqual(hashable(inside), hashable(outside))
  })

  it('leaves the bytes of its caller alone', async () => {
    const bytes = new Uint8Array(await bill)
    await start({}).extract(bytes, signal)
    assert.equal(bytes.byteLength, (await bill).byteLength)
  })

  it('abstains when time is up, and goes on', async () => {
    const sandbox = start({ timeoutMs: 50, memoryMb: 1_024 })
    await assert.rejects(sandbox.extract(large, signal), { code: 'ERR_AUDIT_TIMEOUT' })
    const other = start({})
    assert.equal((await other.extract(await bill, signal)).verdict, 'facts')
  })

  it('survives a worker that runs out of memory, and says so', async () => {
    const sandbox = start({ memoryMb: 32 })
    await assert.rejects(sandbox.extract(large, signal), { code: 'ERR_AUDIT_MEMORY' })
    assert.equal((await sandbox.extract(await bill, signal)).verdict, 'facts')
  })

  it('lets a bill wait for a worker without using up its time', async () => {
    const sandbox = start({ workers: 1, timeoutMs: 20_000 })
    const results = await Promise.all(Array.from({ length: 40 }, async () => sandbox.extract(await bill, signal)))
    assert.ok(results.every(({ verdict }) => verdict === 'facts'))
  })

  it('ends waiting and running bills when it is aborted or closed', async () => {
    const sandbox = start({})
    const abort = new AbortController()
    const running = assert.rejects(sandbox.extract(large, signal), { code: 'ERR_AUDIT_ABORTED' })
    const waiting = assert.rejects(sandbox.extract(await bill, abort.signal), { code: 'ERR_AUDIT_ABORTED' })
    abort.abort()
    await waiting
    await sandbox.close()
    await sandbox.close()
    await running
    await assert.rejects(sandbox.extract(await bill, signal), { code: 'ERR_AUDIT_ABORTED' })
  })
})

function hashable(extraction: Extraction): Uint8Array[] {
  return extraction.bills.map(encodeFacts)
}
