/** Which addresses an origin may be at: the internet's, and what the settings allow of the others. */
import { BlockList, isIP } from 'node:net'

/** IPv4 networks that are not of the internet (IANA's special-purpose registry). */
const SPECIAL_V4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4'],
]

/** All IPv6 addresses of the internet; mapped IPv4, loopback, link-local and unique local ones lie outside. */
const GLOBAL_V6 = ['2000::/3']

/** In there, and still none of a host of the internet: Teredo and other tunnels, 6to4, documentation. */
const SPECIAL_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']

/** Networks as `10.0.0.0/8` or `fd00::/8`. Throws a TypeError or RangeError on what is none. */
export function networksOf(texts: readonly string[]): BlockList {
  const networks = new BlockList()
  for (const text of texts) {
    const [address = '', bits = '', ...more] = text.split('/')
    const family = isIP(address)
    if (family === 0 || !/^\d{1,3}$/.test(bits) || more.length > 0) throw new TypeError(`${text} is no network`)
    networks.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6')
  }
  return networks
}

const specialV4 = networksOf(SPECIAL_V4)
const globalV6 = networksOf(GLOBAL_V6)
const specialV6 = networksOf(SPECIAL_V6)

/** Whether connections may go to this address. `allowed` are networks that are fine although they are private. */
export function isAllowedAddress(address: string, allowed: BlockList): boolean {
  switch (isIP(address)) {
    case 4:
      return !specialV4.check(address, 'ipv4') || allowed.check(address, 'ipv4')
    case 6: {
      // An address with a zone (`fe80::1%eth0`) is one of this link.
      if (address.includes('%')) return false
      const isPublic = globalV6.check(address, 'ipv6') && !specialV6.check(address, 'ipv6')
      return isPublic || allowed.check(address, 'ipv6')
    }
    default:
      return false
  }
}
