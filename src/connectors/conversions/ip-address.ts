import { BlockList, isIP } from 'node:net'
import { PRIVATE_NETWORKS } from '../../http/public-address.ts'

const DOT = 46
const ZERO = 48

/**
 * Networks of addresses that no person has on the internet. Networks reserved for documentation are not among them, so
 * that an event sent for a trial shows what a real one would.
 */
const privateNetworks = PRIVATE_NETWORKS.map(([network, bits]) => ({
  first: numberOf(network),
  // A shift by 32 bits would do nothing.
  mask: (0xffff_ffff << (32 - bits)) >>> 0,
}))
const notPublic = new BlockList()
for (const [network, bits] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  notPublic.addSubnet(network, bits, 'ipv6')

/** An IPv4 address as IPv6 sockets show it. */
const MAPPED = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i

/** An IPv4 address as a number. Node's `BlockList` takes as long as a hash, and most addresses are IPv4. */
function numberOf(address: string): number {
  let [number, part] = [0, 0]
  for (let at = 0; at < address.length; at++) {
    const code = address.charCodeAt(at)
    if (code === DOT) [number, part] = [number * 256 + part, 0]
    else part = part * 10 + (code - ZERO)
  }
  return number * 256 + part
}

const isPrivate = (address: string): boolean => {
  const number = numberOf(address)
  return privateNetworks.some(({ first, mask }) => (number & mask) >>> 0 === first)
}

/**
 * One public IP address without blanks around it; empty for anything else: a list, a port, a word, a private address.
 */
export function ipAddress(text: string): string {
  const trimmed = text.trim()
  const address = MAPPED.exec(trimmed)?.[1] ?? trimmed
  const version = address.includes('%') ? 0 : isIP(address)
  if (version === 0 || (version === 4 ? isPrivate(address) : notPublic.check(address, 'ipv6'))) return ''
  return address
}
