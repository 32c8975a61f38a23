import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { expect, it } from 'vitest'
import { FakeClock } from '../../test/support/fake-clock.ts'
import { type ApiKey, ApiKeys, hashKey } from './api-keys.ts'
import { authorizer } from './auth.ts'
import { CallerLimiter } from './caller-limiter.ts'

const LIMIT = { calls: 1_000, windowMs: 1_000, atOnce: 10, callers: 10 }
const KEYS = ['first key', 'second key', 'third key'].map((key) => key.replace(' ', '-'))

function asking(key: string): IncomingMessage {
  const request = new IncomingMessage(new Socket())
  request.headers.authorization = `Bearer ${key}`
  request.rawHeaders.push('authorization', `Bearer ${key}`)
  return request
}

it.each([...KEYS, 'first-kez', 'x', 'f'.repeat(512)])(
  'a key is compared with each that there is, as a digest, whichever it is: %s',
  (given) => {
    const looked: string[] = []
    const apiKeys = KEYS.map(
      (key): ApiKey => ({
        name: key,
        scopes: ['read'],
        org: undefined,
        get sha256() {
          looked.push(key)
          return hashKey(key)
        },
      }),
    )
    const authorize = authorizer(
      { keys: new ApiKeys(apiKeys, new FakeClock()), operatorOrg: 1 },
      new CallerLimiter(new FakeClock(), LIMIT),
    )
    const ask = () => authorize(asking(given), 'read').name
    if (KEYS.includes(given)) expect(ask()).toBe(given)
    else expect(ask).toThrow('The API key is not known')
    expect(looked).toEqual(KEYS)
    // Digests have one length, which comparing in constant time requires.
    expect(hashKey(given)).toHaveLength(32)
  },
)
