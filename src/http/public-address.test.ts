import { expect, it } from 'vitest'
import { isPrivateHost, isPublicAddress, PrivateAddress, publicLookup } from './public-address.ts'

it.each([
  '127.0.0.1',
  '127.9.9.9',
  '0.0.0.0',
  '10.1.2.3',
  '100.100.100.200',
  '169.254.169.254',
  '172.31.0.1',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:a9fe:a9fe',
  '::127.0.0.1',
  'fe80::1',
  'fc00::1',
  'fd00:ec2::254',
  'ff02::1',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  '2001:db8::1',
  'localhost',
  '',
])('takes %s for private', (address) => {
  expect(isPublicAddress(address)).toBe(false)
})

it.each(['8.8.8.8', '142.250.1.1', '52.216.1.2', '172.32.0.1', '::ffff:8.8.8.8', '2607:f8b0:4005:80a::200e'])(
  'takes %s for public',
  (address) => {
    expect(isPublicAddress(address)).toBe(true)
  },
)

it.each([
  ['http://127.0.0.1/', true],
  ['http://2130706433/', true],
  ['http://0x7f.1/', true],
  ['http://[::1]/', true],
  ['http://[::ffff:10.0.0.1]/', true],
  ['http://8.8.8.8/', false],
  ['http://files.example/', false],
])('%s is a private address in digits: %s', (url, is) => {
  expect(isPrivateHost(new URL(url).hostname)).toBe(is)
})

type Found = [error: Error | null, address: unknown]

const found = (addresses: string[], all: boolean): Found => {
  let seen: Found = [null, undefined]
  const lookup = publicLookup((_host, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    ),
  )
  lookup('files.example', { all }, (error, address) => {
    seen = [error, address]
  })
  return seen
}

it('finds the addresses of a public host, as they are asked for', () => {
  expect(found(['8.8.8.8', '8.8.4.4'], false)).toEqual([null, '8.8.8.8'])
  expect(found(['8.8.8.8'], true)).toEqual([null, [{ address: '8.8.8.8', family: 4 }]])
})

it.each([[['127.0.0.1']], [['8.8.8.8', '10.0.0.1']], [['::1']]])('refuses a host at %j', (addresses) => {
  expect(found(addresses, true)[0]).toBeInstanceOf(PrivateAddress)
  expect(found(addresses, false)[0]).toBeInstanceOf(PrivateAddress)
})

it('refuses one that has no address', () => {
  expect(found([], true)[0]).toBeInstanceOf(Error)
})
