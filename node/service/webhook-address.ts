import type { LookupAddress, LookupOptions } from 'node:dns'
import { BlockList, isIP } from 'node:net'
import type { LookupFunction } from 'node:net'
import { WebhookError } from './webhook-error.ts'

/** Longest URL that is kept: what common servers read. */
const MAX_URL = 2_048

/** IPv4 addresses that are not the public internet (IANA special-purpose registry), and one cloud's metadata service. */
const CLOSED_IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // Link-local; 169.254.169.254 is the metadata service of most clouds.
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  // Multicast, reserved, broadcast.
  ['224.0.0.0', 3],
  // A public address that only virtual machines of one cloud reach: its host.
  ['168.63.129.16', 32],
]

/** Inside of 2000::/3 and yet not the public internet, or a way to an IPv4 address. All outside of it is closed anyway. */
const CLOSED_IPV6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]

const closed = new BlockList()
for (const [net, prefix] of CLOSED_IPV4) closed.addSubnet(net, prefix, 'ipv4')
for (const [net, prefix] of CLOSED_IPV6) closed.addSubnet(net, prefix, 'ipv6')
const global6 = new BlockList()
global6.addSubnet('2000::', 3, 'ipv6')

/** True for an address of the public internet. IPv4 inside of IPv6 (mapped, NAT64, 6to4) is not: it may be any address. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !closed.check(address, 'ipv4')
  return family === 6 && global6.check(address, 'ipv6') && !closed.check(address, 'ipv6')
}

/**
 * A URL that events may be posted to. Names are checked again at each connection, by {@link guardLookup}.
 *
 * @throws {WebhookError} ERR_WEBHOOK_URL.
 */
export function checkWebhookUrl(text: string, allowPrivate: boolean): URL {
  const refuse = (why: string): WebhookError =>
    new WebhookError(`the URL of a webhook ${why}`, { code: 'ERR_WEBHOOK_URL', url: text.slice(0, MAX_URL) })
  if (text.length > MAX_URL) throw refuse(`has at most ${MAX_URL} characters`)
  if (!URL.canParse(text)) throw refuse('is no URL')
  const url = new URL(text)
  if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:')) throw refuse('starts with https://')
  if (url.username !== '' || url.password !== '') throw refuse('has no user name and no password: use the signature')
  if (url.hash !== '') throw refuse('has no fragment')
  if (!allowPrivate && !isPublicHost(url)) throw refuse('leads to the public internet')
  return url
}

/** False for an address that is not public, and for names that only mean something inside. The URL parser has made plain addresses of all their spellings. */
export function isPublicHost({ hostname }: URL): boolean {
  const host = hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0) return isPublicAddress(host)
  const name = host.replace(/\.$/, '')
  return name.includes('.') && !/(?:^|\.)(?:localhost|local|internal|localdomain|home\.arpa)$/i.test(name)
}

/** How a host's addresses are found: `dns.lookup`, or a test's own. */
export type Lookup = (
  host: string,
  options: LookupOptions & { readonly all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

/**
 * A `lookup` for sockets that gives public addresses or fails. The address that was checked is the one that is connected
 * to: a name that changes its address between two looks gains nothing. One closed address among public ones fails all.
 */
export function guardLookup(lookup: Lookup): LookupFunction {
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? []
      if (error !== null || first === undefined) {
        done(error ?? new WebhookError('the host has no address', { code: 'ERR_WEBHOOK_ADDRESS' }), '', 0)
      } else if (!addresses.every(({ address }) => isPublicAddress(address))) {
        // Not which one: names inside of the node's network are nobody's business.
        const refused = new WebhookError('the host has an address that is not public', { code: 'ERR_WEBHOOK_ADDRESS' })
        done(refused, '', 0)
      } else if (options.all === true) done(null, addresses)
      else done(null, first.address, first.family)
    })
  }
}
