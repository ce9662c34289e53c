import assert from 'node:assert/strict'
import type { LookupAddress } from 'node:dns'
import { checkWebhookUrl, guardLookup, isPublicAddress } from '../../../node/service/webhook-address.ts'

const CLOSED = [
  // this host, private, shared (CGNAT), loopback, link-local, metadata of clouds
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '10.255.255.255',
  '100.64.0.1',
  '100.100.100.200',
  '100.127.255.255',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.0.1',
  '169.254.169.254',
  '168.63.129.16',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.0.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.7',
  '203.0.113.9',
  // multicast, reserved, broadcast
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fec0::1',
  'ff02::1',
  // IPv4 inside of IPv6: mapped, compatible, NAT64, 6to4, Teredo
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '::ffff:7f00:1',
  '::127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::1',
  '2002:7f00:1::',
  '2001::1',
  '2001:db8::1',
  '3fff::1',
  '100::1',
  '5f00::1',
  'not an address',
  '',
]
const OPEN = [
  '1.1.1.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '128.0.0.1',
  '169.253.255.255',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '2600::1',
  '2606:4700:4700::1111',
  '2a00:1450::1',
]
const REFUSED_URLS = [
  'http://example.com/',
  'ftp://example.com/',
  'file:///etc/passwd',
  'example.com',
  'https://',
  'https://user@example.com/',
  'https://user:pass@example.com/',
  'https://example.com/#part',
  'https://localhost/',
  'https://LOCALHOST./',
  'https://a.localhost/',
  'https://printer.local/',
  'https://db.internal/',
  'https://intranet/',
  // every spelling of 127.0.0.1 and its like that browsers know
  'https://127.0.0.1/',
  'https://127.1/',
  'https://0177.0.0.1/',
  'https://0x7f.0.0.1/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://127.0.0.1./',
  'https://①②⑦.⓪.⓪.①/',
  'https://0/',
  'https://[::1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:7f00:1]/',
  'https://[fe80::1]/',
  'https://169.254.169.254/latest/meta-data/',
  'https://[fd00:ec2::254]/',
  `https://example.com/${'a'.repeat(2_048)}`,
]

type Resolve = ReturnType<typeof guardLookup>

async function look(addresses: readonly LookupAddress[] | Error, all: boolean): Promise<unknown> {
  const resolve: Resolve = guardLookup((_host, _options, done) => {
    if (addresses instanceof Error) done(addresses, [])
    else done(null, [...addresses])
  })
  return new Promise((settle, reject) => {
    resolve('example.com', { all }, (error, found) => {
      if (error === null) settle(found)
      else reject(error)
    })
  })
}

describe('addresses of webhooks', () => {
  it('are those of the public internet', () => {
    assert.deepEqual(CLOSED.filter(isPublicAddress), [])
    assert.deepEqual(
      OPEN.filter((address) => !isPublicAddress(address)),
      [],
    )
  })

  it('are refused in a URL in every spelling', () => {
    for (const url of REFUSED_URLS) {
      assert.throws(() => checkWebhookUrl(url, false), { code: 'ERR_WEBHOOK_URL' }, url)
    }
    for (const url of ['https://example.com/hook?a=b', 'https://example.com:8443/', 'https://8.8.8.8/']) {
      assert.equal(checkWebhookUrl(url, false).href, url)
    }
  })

  it('may be private, and plain http, where the operator allows it, but nothing else', () => {
    for (const url of ['http://127.0.0.1:1/', 'https://localhost/', 'http://[::1]/', 'http://intranet/']) {
      assert.equal(checkWebhookUrl(url, true).href, url)
    }
    for (const url of ['file:///etc/passwd', 'http://user@localhost/', 'http://localhost/#x', 'gopher://localhost/']) {
      assert.throws(() => checkWebhookUrl(url, true), { code: 'ERR_WEBHOOK_URL' }, url)
    }
  })

  it('are checked as they are found, and one that is closed closes the host', async () => {
    const open = { address: '1.1.1.1', family: 4 }
    const open6 = { address: '2606:4700::1', family: 6 }
    assert.deepEqual(await look([open, open6], true), [open, open6])
    assert.equal(await look([open, open6], false), open.address)
    for (const address of CLOSED.filter((text) => text.includes('.') || text.includes(':'))) {
      const closed = { address, family: address.includes(':') ? 6 : 4 }
      await assert.rejects(look([closed], true), { code: 'ERR_WEBHOOK_ADDRESS' }, address)
      await assert.rejects(look([open, closed], true), { code: 'ERR_WEBHOOK_ADDRESS' }, address)
      await assert.rejects(look([open, closed], false), { code: 'ERR_WEBHOOK_ADDRESS' }, address)
    }
    await assert.rejects(look([], true), { code: 'ERR_WEBHOOK_ADDRESS' })
    await assert.rejects(look(Object.assign(new Error('x'), { code: 'ENOTFOUND' }), true), { code: 'ENOTFOUND' })
  })
})
