import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encryptKeystoreJson, Wallet } from 'ethers'
import { findApiKey } from '#api'
import { addressOfPrivateKey, fromHex, toHex } from '#protocol'
import type { Charter } from '#protocol'
import { createDataDir, openDataDir } from '../../node/data-dir.ts'
import type { DataDirInit } from '../../node/data-dir.ts'
import { createDevnetCharter, planRegions } from '../../node/devnet/plan.ts'
import type { PlannedRegion } from '../../node/devnet/plan.ts'
import { decryptKeystore, encryptKeystore } from '../../node/keystore.ts'

const KEY = fromHex('0x4646464646464646464646464646464646464646464646464646464646464646')
const RPC = { chain: { rpcUrl: 'http://127.0.0.1:8545' } }

describe('keystore', () => {
  it('is opened by ethers, and opens what ethers writes', async () => {
    const ours = await encryptKeystore(KEY, 'pässword', 'light')
    const wallet = await Wallet.fromEncryptedJson(ours, 'pässword')
    assert.equal(wallet.privateKey, toHex(KEY))
    const account = { address: wallet.address, privateKey: wallet.privateKey }
    const scrypt = { N: 1_024, r: 8, p: 1 }
    const theirs = await encryptKeystoreJson(account, 'pässword', { scrypt, progressCallback: () => undefined })
    assert.deepEqual(await decryptKeystore(theirs, 'pässword'), KEY)
  })

  it('refuses a wrong passphrase, an altered file, and parameters that would fill the memory', async () => {
    const text = await encryptKeystore(KEY, 'right', 'light')
    await assert.rejects(decryptKeystore(text, 'wrong'), { code: 'ERR_KEY_PASSPHRASE' })
    const altered = text.replace(/"ciphertext": "(.)/, (_, digit) => `"ciphertext": "${digit === '0' ? '1' : '0'}`)
    await assert.rejects(decryptKeystore(altered, 'right'), { code: 'ERR_KEY_PASSPHRASE' })
    const huge = text.replace('"n": 4096', '"n": 16777216')
    await assert.rejects(decryptKeystore(huge, 'right'), { code: 'ERR_KEY_FORMAT' })
    await assert.rejects(decryptKeystore('{"version":1}', 'right'), { code: 'ERR_KEY_FORMAT' })
    await assert.rejects(decryptKeystore('no', 'right'), { code: 'ERR_KEY_FORMAT' })
  })
})

describe('data directory', () => {
  let root: string
  let region: PlannedRegion
  let charter: Charter

  before(async () => {
    const [planned] = await planRegions(['europe'], 4)
    assert.ok(planned !== undefined)
    region = planned
    charter = await createDevnetCharter([region], { chainId: 31_337, registry: new Uint8Array(20) })
  })
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'kwitness-init-'))
  })
  afterEach(async () => {
    await rm(root, { recursive: true })
  })

  const initOf = (changes: Partial<DataDirInit> = {}): DataDirInit => ({
    dir: join(root, 'auditor'),
    cost: 'light',
    account: 'operator',
    createdAt: '2026-01-01T00:00:00Z',
    ...changes,
  })
  const network = (): NonNullable<DataDirInit['network']> => ({
    charter,
    region: 'europe',
    regionKeys: region.secrets,
    config: RPC,
  })

  it('is made for its owner alone, and opens again with the same keys, charter and configuration', async () => {
    const privateKey = region.auditors[0]?.privateKey ?? KEY
    const created = await createDataDir(initOf({ privateKey, payerKey: KEY, network: network() }))
    const dir = join(root, 'auditor')
    assert.equal((await stat(dir)).mode & 0o777, 0o700)
    for (const file of await readdir(dir)) assert.equal((await stat(join(dir, file))).mode & 0o777, 0o600, file)
    const opened = await openDataDir(dir, {})
    assert.deepEqual(opened.privateKey, privateKey)
    assert.deepEqual(opened.payerKey, KEY)
    assert.deepEqual(opened.charter, charter)
    assert.deepEqual(opened.regionKeys, region.secrets)
    assert.equal(opened.config.region, 'europe')
    assert.equal(created.identity.address, toHex(addressOfPrivateKey(privateKey)))
    assert.ok(findApiKey(opened.apiKeys, created.apiKey ?? '') !== undefined)
  })

  it('keeps no secret in readable form but the passphrase it generated', async () => {
    const created = await createDataDir(initOf({ privateKey: KEY }))
    const dir = join(root, 'auditor')
    const secret = created.apiKey?.split('_')[2] ?? ''
    for (const file of await readdir(dir)) {
      const text = await readFile(join(dir, file), 'utf8')
      assert.ok(!text.includes(toHex(KEY).slice(2)) && !text.includes(secret), file)
    }
  })

  it('is never overwritten, and is as it was after the refusal', async () => {
    await createDataDir(initOf())
    const dir = join(root, 'auditor')
    const snapshot = async (): Promise<string[]> =>
      Promise.all((await readdir(dir)).map(async (file) => `${file} ${await readFile(join(dir, file), 'utf8')}`))
    const before = await snapshot()
    await assert.rejects(createDataDir(initOf()), { code: 'ERR_INIT_EXISTS' })
    assert.deepEqual(await snapshot(), before)
    await createDataDir(initOf({ network: network() }))
    await assert.rejects(createDataDir(initOf({ network: network() })), { code: 'ERR_INIT_EXISTS' })
  })

  it('writes nothing when any one of its files is there already', async () => {
    const dir = join(root, 'auditor')
    await createDataDir(initOf({ dir }))
    // The one that is left is not the first to be written.
    for (const file of ['auditor.keystore.json', 'passphrase']) await rm(join(dir, file))
    await assert.rejects(createDataDir(initOf({ dir, network: network() })), { code: 'ERR_INIT_EXISTS' })
    assert.deepEqual((await readdir(dir)).toSorted(), ['api-keys.json', 'member.age-key'])
  })

  it('takes the network in a second step, with the key of the first', async () => {
    const first = await createDataDir(initOf())
    const second = await createDataDir(initOf({ network: network() }))
    assert.deepEqual(second.identity, first.identity)
    assert.equal(second.apiKey, undefined)
    const opened = await openDataDir(join(root, 'auditor'), {})
    assert.equal(toHex(addressOfPrivateKey(opened.privateKey)), first.identity.address)
  })

  it('refuses region keys of another charter, and a region that the charter does not have', async () => {
    const [other] = await planRegions(['europe'], 4)
    assert.ok(other !== undefined)
    const wrongKeys = initOf({ network: { ...network(), regionKeys: other.secrets } })
    await assert.rejects(createDataDir(wrongKeys), { code: 'ERR_REGION_KEYS' })
    const halfWrong = { ...region.secrets, archiveKeys: other.secrets.archiveKeys }
    await assert.rejects(createDataDir(initOf({ network: { ...network(), regionKeys: halfWrong } })), {
      code: 'ERR_REGION_KEYS',
      message: /archiveIdentity/,
    })
    await assert.rejects(createDataDir(initOf({ network: { ...network(), region: 'mars' } })), {
      code: 'ERR_REGION_KEYS',
    })
    assert.deepEqual(await readdir(root), [])
  })

  it('takes the passphrase from a file elsewhere, without its line end, and says when it is missing', async () => {
    const passphraseFile = join(root, 'word')
    await writeFile(passphraseFile, 'correct horse\n')
    await createDataDir(initOf({ passphraseFile, privateKey: KEY, network: network() }))
    assert.ok(!(await readdir(join(root, 'auditor'))).includes('passphrase'))
    const keystore = await readFile(join(root, 'auditor', 'auditor.keystore.json'), 'utf8')
    assert.deepEqual(await decryptKeystore(keystore, 'correct horse'), KEY)
    await openDataDir(join(root, 'auditor'), {})
    await rm(passphraseFile)
    await assert.rejects(openDataDir(join(root, 'auditor'), {}), { code: 'ERR_KEY_NO_PASSPHRASE' })
  })

  it('is named as incomplete when a file is missing, and the file with it', async () => {
    await createDataDir(initOf())
    await assert.rejects(openDataDir(join(root, 'auditor'), {}), {
      code: 'ERR_DIR_INCOMPLETE',
      message: /config\.json/,
    })
  })
})
