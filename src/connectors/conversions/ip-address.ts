import { BlockList, isIP } from 'node:net'
import { PRIVATE_NETWORKS } from '../../http/public-address.ts'

/**
 * Addresses that no customer has on the internet. Fewer than those that are never fetched: what documents use as examples is taken,
 * so that a trial with such an address shows what a real one would.
 */
const notPublic = new BlockList()
for (const [network, bits] of PRIVATE_NETWORKS) notPublic.addSubnet(network, bits, 'ipv4')
for (const [network, bits] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  notPublic.addSubnet(network, bits, 'ipv6')

/** An address of version 4 as sockets of version 6 show it. */
const MAPPED = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i

/** One public IP address without blanks around it; empty for anything else: a list, a port, a word, an address of a private network. */
export function ipAddress(text: string): string {
  const trimmed = text.trim()
  const address = MAPPED.exec(trimmed)?.[1] ?? trimmed
  const version = address.includes('%') ? 0 : isIP(address)
  if (version === 0 || notPublic.check(address, version === 4 ? 'ipv4' : 'ipv6')) return ''
  return address
}
