import assert from 'node:assert/strict'
import { Decrypter } from 'age-encryption'
import { checkRecipient, fromArmor, generateArchiveKey, isAgeFile, seal, SealingError, toArmor, unseal } from '#storage'

const PLAIN = new TextEncoder().encode('kWh 128, Mrs. Secret, 12 Hidden Lane')

async function failureOf(promise: Promise<unknown>): Promise<SealingError> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (e: unknown) => e,
  )
  assert.ok(thrown instanceof SealingError)
  const told = JSON.stringify([thrown.message, thrown.details, String(thrown.cause)])
  assert.ok(!/Secret|Hidden|AGE-SECRET/.test(told), told)
  return thrown
}

describe('sealing', () => {
  let region: Awaited<ReturnType<typeof generateArchiveKey>>
  let holder: Awaited<ReturnType<typeof generateArchiveKey>>
  let sealed: Uint8Array

  before(async () => {
    region = await generateArchiveKey()
    holder = await generateArchiveKey()
    sealed = await seal(PLAIN, [region.recipient, holder.recipient])
  })

  it('opens for each recipient, also with other keys tried first', async () => {
    const stranger = await generateArchiveKey()
    assert.deepEqual(await unseal(sealed, [region.identity]), PLAIN)
    assert.deepEqual(await unseal(sealed, [stranger.identity, holder.identity]), PLAIN)
  })

  it('makes an ordinary age file that shows nothing of its contents', async () => {
    assert.match(Buffer.from(sealed).toString('latin1'), /^age-encryption\.org\/v1\n-> X25519 /)
    assert.ok(!Buffer.from(sealed).includes('Secret'))
    const decrypter = new Decrypter()
    decrypter.addIdentity(holder.identity)
    assert.deepEqual(await decrypter.decrypt(sealed), PLAIN)
  })

  it('makes another file each time', async () => {
    assert.notDeepEqual(await seal(PLAIN, [region.recipient]), await seal(PLAIN, [region.recipient]))
  })

  it('seals nothing at all and several chunks', async () => {
    for (const plain of [new Uint8Array(0), new Uint8Array(200_000).fill(7)]) {
      assert.deepEqual(await unseal(await seal(plain, [region.recipient]), [region.identity]), plain)
    }
  })

  it('says that no key fits', async () => {
    const stranger = await generateArchiveKey()
    assert.equal((await failureOf(unseal(sealed, [stranger.identity]))).code, 'ERR_SEAL_NO_KEY')
    assert.equal((await failureOf(unseal(sealed, []))).code, 'ERR_SEAL_NO_KEY')
  })

  it('finds every altered byte of the body, and a file that was cut or is none', async () => {
    for (let at = sealed.byteLength - 60; at < sealed.byteLength; at += 1) {
      const altered = Uint8Array.from(sealed)
      altered[at] = (altered[at] ?? 0) ^ 1
      assert.equal((await failureOf(unseal(altered, [region.identity]))).code, 'ERR_SEAL_CORRUPT')
    }
    for (const bytes of [sealed.subarray(0, -1), sealed.subarray(0, 100), new Uint8Array(0), PLAIN]) {
      assert.equal((await failureOf(unseal(bytes, [region.identity]))).code, 'ERR_SEAL_CORRUPT')
    }
  })

  it('refuses a header with more recipients than a bill has, before any key is tried', async () => {
    // Well-formed lines, each of which would cost a key agreement and then fit no key.
    const point = `${'B'.repeat(42)}A`
    const line = `-> X25519 ${point}\n${point}\n`
    const many = Buffer.from(`age-encryption.org/v1\n${line.repeat(400)}--- ${point}\n${'0'.repeat(100)}`)
    assert.equal((await failureOf(unseal(many, [region.identity]))).code, 'ERR_SEAL_CORRUPT')
    const recipients = Array.from({ length: 17 }, () => region.recipient)
    assert.equal((await failureOf(seal(PLAIN, recipients))).code, 'ERR_SEAL_KEY')
    assert.deepEqual(await unseal(await seal(PLAIN, recipients.slice(1)), [region.identity]), PLAIN)
  })

  it('refuses what is larger than a bill', async () => {
    const large = new Uint8Array(20 * 1024 * 1024 + 1)
    assert.equal((await failureOf(seal(large, [region.recipient]))).code, 'ERR_SEAL_TOO_LARGE')
    const sealedLarge = new Uint8Array(20 * 1024 * 1024 + 64 * 1024 + 1)
    assert.equal((await failureOf(unseal(sealedLarge, [region.identity]))).code, 'ERR_SEAL_TOO_LARGE')
  })

  it('takes recipients of one kind from outside, and none that would give everybody the key', async () => {
    await checkRecipient(region.recipient)
    // Points of low order, in bech32 as any other: what is agreed with them is zero.
    const low = [
      'age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z',
      'age1qyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqj7vrya',
    ]
    const { recipient } = region
    const mistyped = `${recipient.slice(0, -1)}${recipient.endsWith('q') ? 'p' : 'q'}`
    const shapes = [
      '',
      'age1',
      recipient.toUpperCase(),
      ` ${recipient}`,
      `${recipient}\n`,
      `age1pq1${'q'.repeat(1_900)}`,
    ]
    for (const text of [...low, mistyped, ...shapes, region.identity]) {
      assert.equal((await failureOf(checkRecipient(text))).code, 'ERR_SEAL_KEY', text)
    }
  })

  it('reads armoured files as it writes them, and leaves other bytes alone', async () => {
    const text = Buffer.from(toArmor(sealed))
    assert.ok(isAgeFile(sealed) && !isAgeFile(text))
    assert.deepEqual(fromArmor(text), sealed)
    assert.deepEqual(fromArmor(Buffer.concat([Buffer.from('\n\r\n'), text])), sealed)
    for (const bytes of [sealed, PLAIN, new Uint8Array(0)]) assert.equal(fromArmor(bytes), bytes)
    const broken = Buffer.from(text.toString().replace('END', 'ENDE'))
    assert.equal((await failureOf(Promise.resolve().then(() => fromArmor(broken)))).code, 'ERR_SEAL_CORRUPT')
    const large = Buffer.alloc(30 * 1024 * 1024, 'A')
    text.copy(large)
    assert.equal((await failureOf(Promise.resolve().then(() => fromArmor(large)))).code, 'ERR_SEAL_TOO_LARGE')
  })

  it('tries no more keys than a region has', async () => {
    const many = Array.from({ length: 33 }, () => region.identity)
    assert.equal((await failureOf(unseal(sealed, many))).code, 'ERR_SEAL_KEY')
    assert.deepEqual(await unseal(sealed, many.slice(1)), PLAIN)
  })

  it('refuses keys that are none, and does not repeat a secret key pasted as a recipient', async () => {
    assert.equal((await failureOf(seal(PLAIN, [region.identity]))).code, 'ERR_SEAL_KEY')
    assert.equal((await failureOf(seal(PLAIN, []))).code, 'ERR_SEAL_KEY')
    assert.equal((await failureOf(unseal(sealed, ['AGE-SECRET-KEY-1XYZ']))).code, 'ERR_SEAL_KEY')
  })
})
