import { BlockList } from 'node:net'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { PRIVATE_NETWORKS } from '../../http/public-address.ts'
import { ipAddress } from './ip-address.ts'

const textOf = (number: number) => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.')

it('takes of version 4 what no private network has, as the lists of Node say', () => {
  const list = new BlockList()
  for (const [network, bits] of PRIVATE_NETWORKS) list.addSubnet(network, bits, 'ipv4')
  const edges = PRIVATE_NETWORKS.flatMap(([network, bits]) => {
    const first = network.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
    return [first - 1, first, first + 2 ** (32 - bits) - 1, first + 2 ** (32 - bits)]
  })
  const same = (number: number) => {
    const address = textOf(number >>> 0)
    expect([address, ipAddress(address)]).toEqual([address, list.check(address, 'ipv4') ? '' : address])
  }
  for (const edge of edges) same(edge)
  fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), same), {
    seed: Number(process.env['SEED'] ?? 20261129),
    numRuns: 500,
  })
  for (const odd of [
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4.5',
    '::',
    'fe80::1',
    'fc00::1',
    '1.2.3.4%1',
    '',
  ])
    expect([odd, ipAddress(odd)]).toEqual([odd, ''])
})
