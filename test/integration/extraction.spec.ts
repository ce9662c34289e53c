import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
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
import { pdfFile, streamObject } from '../unit/audit/pdf-file.ts'

const SAMPLES = new URL('../../samples/', import.meta.url)
const PRINTER = fileURLToPath(new URL('../support/print-facts.ts', import.meta.url))

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

describe('facts', () => {
  /** Settings far apart: a day that begins 14 hours earlier, half hours, a decimal comma, digits of another script. */
  const settings = [
    { TZ: 'UTC', LANG: 'C', says: 'UTC en-US' },
    { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', says: 'Pacific/Kiritimati tr-TR' },
    { TZ: 'America/St_Johns', LANG: 'ar_EG.UTF-8', says: 'America/St_Johns ar-EG' },
    { TZ: 'Asia/Kolkata', LANG: 'de_DE.UTF-8', says: 'Asia/Calcutta de-DE' },
  ] as const

  it('are the same bytes in any time zone and language', async () => {
    const printed = await Promise.all(settings.map(async ({ TZ, LANG }) => printFacts(TZ, LANG)))
    const [first] = printed
    assert.ok(first !== undefined && first.facts.split('\n').length > 40)
    for (const [index, { says, TZ, LANG }] of settings.entries()) {
      // Else the settings did not reach the process, and equality would say nothing.
      assert.equal(printed[index]?.says.replace('Kolkata', 'Calcutta'), says)
      assert.equal(printed[index]?.facts, first.facts, `${TZ} ${LANG}`)
    }
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
  /** Small, and nearly as many steps as are allowed: a second or more, where the others of this test take milliseconds. */
  const poison = pdfFile({
    pages: [[]],
    instead: [
      {
        number: 100,
        body: '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 101 0 R /Resources << /Font << /F1 3 0 R >> /XObject << /X 500 0 R >> >> >>',
      },
      streamObject(101, '/X Do '.repeat(4_300)),
    ],
    objects: [
      streamObject(500, 'BT /F1 9 Tf 9 9 Td (a) Tj ET', true, '/Type /XObject /Subtype /Form /BBox [0 0 99 99]'),
    ],
  })
  /** The same, too large to be read beside others. */
  const alone = Buffer.concat([poison, Buffer.alloc(300 * 1024, ' ')])

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

  it('lets the bills beside a poisoned one wait for a part of its time, not for all of it', async () => {
    const sandbox = start({ workers: 1, timeoutMs: 400 })
    const order: string[] = []
    const poisoned = assert
      .rejects(sandbox.extract(poison, signal), { code: 'ERR_AUDIT_TIMEOUT' })
      .then(() => order.push('poisoned'))
    const others = Array.from({ length: 10 }, async () => {
      assert.equal((await sandbox.extract(await bill, signal)).verdict, 'facts')
      order.push('good')
    })
    await Promise.all([poisoned, ...others])
    assert.deepEqual(order, [...Array.from({ length: 10 }, () => 'good'), 'poisoned'])
  })

  it('lets lanes take turns, and leaves a worker to those without poisoned bills', async () => {
    const sandbox = start({ workers: 2, timeoutMs: 400 })
    let ended = 0
    const poisoned = Array.from({ length: 12 }, async () =>
      sandbox.extract(alone, signal, 'liar').then(
        () => (ended += 1),
        ({ code }: { code: string }) => {
          if (code === 'ERR_AUDIT_TIMEOUT') ended += 1
        },
      ),
    )
    for (let round = 0; round < 3; round += 1) {
      const read = Array.from({ length: 40 }, async () => sandbox.extract(await bill, signal, 'honest'))
      assert.ok((await Promise.all(read)).every(({ verdict }) => verdict === 'facts'))
    }
    // Both workers may have had one when the first good bill came, and one goes on with them while busy cores read the good.
    assert.ok(ended <= poisoned.length / 2, `${ended} poisoned bills came first`)
    await sandbox.close()
    await Promise.all(poisoned)
  })

  it('survives the end of the process that reads bills, and blames the bill that ends it again', async () => {
    const sandbox = start({ workers: 2, timeoutMs: 30_000, memoryMb: 1_024 })
    const poisoned = assert.rejects(sandbox.extract(poison, signal, 'liar'), { code: 'ERR_AUDIT_MEMORY' })
    const beside = sandbox.extract(large, signal, 'honest')
    const first = await newChild(undefined)
    process.kill(first, 'SIGKILL')
    const second = await newChild(first)
    const later = sandbox.extract(await bill, signal, 'honest')
    process.kill(second, 'SIGKILL')
    await poisoned
    assert.ok((await beside).verdict)
    assert.equal((await later).verdict, 'facts')
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

/** Number of the process that this one has begun, other than `known`. */
async function newChild(known: number | undefined): Promise<number> {
  const list = `/proc/self/task/${process.pid}/children`
  for (;;) {
    const children = (await readFile(list, 'utf8')).split(' ').map(Number)
    const found = children.find((pid) => pid > 0 && pid !== known)
    if (found !== undefined) return found
    await setImmediate()
  }
}

/** Facts of all samples as a process of its own prints them. */
async function printFacts(TZ: string, LANG: string): Promise<{ readonly facts: string; readonly says: string }> {
  const env = { ...process.env, TZ, LANG, LC_ALL: LANG, LANGUAGE: LANG.slice(0, 2) }
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [PRINTER], { env, maxBuffer: 64 * 1024 * 1024 }, (error, facts, says) => {
      if (error === null) resolve({ facts, says: says.trim() })
      else reject(error)
    })
  })
}

function hashable(extraction: Extraction): Uint8Array[] {
  return extraction.bills.map(encodeFacts)
}
