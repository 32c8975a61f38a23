import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type RedisServer, startRedis } from '../../../test/support/redis-server.ts'
import { type Clock, systemClock } from '../../clock.ts'
import { redisClient } from './redis-client.ts'
import { RedisStore } from './redis-store.ts'
import { StoreUnavailable } from './store.ts'

let redis: RedisServer
let database = 0

beforeAll(async () => {
  redis = await startRedis('--databases', '100')
})
afterAll(() => redis.close())

/** Two processes on one empty database. */
async function couple(clock: Clock = systemClock, toleranceMs = 5_000) {
  const url = `${redis.url}/${database++}`
  const open = async (of: Clock) => {
    const store = await RedisStore.open({ clock: of, url, leaseMs: 1_000, toleranceMs })
    onTestFinished(() => store.close())
    return store
  }
  const client = redisClient(url)
  await client.connect()
  onTestFinished(() => client.disconnect())
  return { one: await open(systemClock), other: await open(clock), client }
}

describe('mail over Redis', () => {
  it('comes in order, is asked for again until it was taken in, and is gone then', async () => {
    const { one, other, client } = await couple()
    await one.sync('a', [])
    const got: string[] = []
    let isWilling = false
    onTestFinished(
      one.mail.receive('a', (letter) => {
        if (letter === '2' && !isWilling) throw new Error('not now')
        got.push(letter)
      }),
    )
    for (const letter of ['1', '2', '3']) await other.mail.send('a', letter)
    await expect.poll(() => got).toEqual(['1'])
    isWilling = true
    await expect.poll(() => got).toEqual(['1', '2', '3'])
    await expect.poll(() => client.xlen('bidwarden:{mail:a}:letters')).toBe(0)
  })

  it('of an owner that is gone comes to another one, and to nobody while it lives', async () => {
    const { one, other, client } = await couple()
    await one.sync('a', [])
    const stop = one.mail.receive('a', () => {
      throw new Error('too busy')
    })
    await expect.poll(() => other.mail.lives('a')).toBe(true)
    const got: [string, boolean][] = []
    onTestFinished(other.mail.receive('b', (letter, isHeir) => void got.push([letter, isHeir])))
    await other.mail.send('a', '1')
    // What an owner that never lived gets tells when boxes were looked into: twice, so all of them.
    await client.hset('bidwarden:boxes', 'never', Math.floor(systemClock.nowMs()))
    for (const count of [1, 2]) {
      await other.mail.send('never', 'look')
      await expect.poll(() => got.length).toBe(count)
    }
    expect(got.flat()).not.toContain('1')
    stop()
    await one.close()
    await expect.poll(() => got.at(-1)).toEqual(['1', true])
    expect(await other.mail.lives('a')).toBe(false)
  })

  it('is refused by a full box, which loses nothing', async () => {
    const { one, client } = await couple()
    const fill = 'for i = 1, 100000 do redis.call("XADD", KEYS[1], "*", "letter", i) end'
    await client.eval(fill, 1, 'bidwarden:{mail:a}:letters')
    await expect(one.mail.send('a', 'one more')).rejects.toThrow(StoreUnavailable)
    expect(await client.xlen('bidwarden:{mail:a}:letters')).toBe(100_000)
  })

  it('boxes are forgotten an hour after their owner', async () => {
    const later: Clock = { ...systemClock, nowMs: () => systemClock.nowMs() + 3_700_000 }
    const { one, other, client } = await couple(later, 4_000_000)
    await one.sync('a', [])
    one.mail.receive('a', () => undefined)()
    await expect.poll(() => client.hkeys('bidwarden:boxes')).toContain('a')
    await one.close()
    onTestFinished(other.mail.receive('b', () => undefined))
    await expect.poll(() => client.hkeys('bidwarden:boxes')).toEqual(['b'])
  })

  it('tells which bids an owner had settled', async () => {
    const { one, other } = await couple()
    for (const seq of [1, 70_000, 1_000_000]) one.mail.noteSettled('a', seq, undefined)
    one.mail.noteSettled('a', 3, 40)
    one.mail.noteSettled('a', 4, 0)
    one.mail.noteSettled('a', 3, 90)
    await expect.poll(() => other.mail.settledAt('a', 4)).toBe(0)
    const all = Number.POSITIVE_INFINITY
    const asked = [1, 2, 3, 69_999, 70_000, 1_000_000].map((seq) => other.mail.settledAt('a', seq))
    expect(await Promise.all(asked)).toEqual([all, undefined, 90, undefined, all, all])
    expect(await other.mail.settledAt('b', 1)).toBeUndefined()
  })
})
