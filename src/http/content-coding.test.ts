import { expect, it } from 'vitest'
import { codingFor } from './content-coding.ts'

it.each<[accept: string | undefined, coding: string]>([
  [undefined, 'identity'],
  ['', 'identity'],
  [' , ;q=1', 'identity'],
  ['br', 'identity'],
  ['notgzip', 'identity'],
  ['*', 'identity'],
  ['identity', 'identity'],
  ['gzip', 'gzip'],
  ['GZIP', 'gzip'],
  ['x-gzip', 'gzip'],
  ['gzip;q=0', 'identity'],
  ['gzip ; q = 0.000', 'identity'],
  ['identity, gzip;q=0', 'identity'],
  ['*;q=0.1, gzip;q=0', 'identity'],
  ['gzip, identity', 'gzip'],
  ['gzip;q=0.5, identity;q=0.5', 'gzip'],
  ['gzip;q=0.5, identity', 'identity'],
  ['identity;q=0.5, gzip;q=0.4', 'identity'],
  ['br;q=1.0, gzip;q=0.8, *;q=0.1', 'gzip'],
  ['gzip;q=high', 'gzip'],
  // RFC 9110, 12.5.3: the answer as it is is not acceptable.
  ['identity;q=0', 'none'],
  ['IDENTITY;Q=0', 'none'],
  ['identity;q=0.0, br', 'none'],
  ['identity;q=0, gzip', 'gzip'],
  ['identity;q=0, x-gzip;q=0.001', 'gzip'],
  ['identity;q=0, gzip;q=0', 'none'],
  ['identity;q=0, *', 'gzip'],
  ['identity;q=0, *;q=0.5, gzip;q=0', 'none'],
  ['*;q=0', 'none'],
  ['*;q=0, gzip', 'gzip'],
  ['*;q=0, identity;q=0.2', 'identity'],
  ['br, *;q=0', 'none'],
])('an answer to a request that accepts %j is coded as %s', (accept, coding) => {
  expect(codingFor(accept)).toBe(coding)
})

it('looks at a long header once', () => {
  expect(codingFor('gzip;q=0,'.repeat(2_000))).toBe('identity')
})
