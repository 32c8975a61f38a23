import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { aheadOf, FakeClock } from '../../../../../test/support/fake-clock.ts'
import { patientClient, redisOnClock } from '../../../../../test/support/redis-on-clock.ts'
import { type RedisServer, startRedis } from '../../../../../test/support/redis-server.ts'
import type { Clock } from '../../../../time/clock.ts'
import { StoreUnavailable } from '../../protocol/store.ts'
import { RedisStore } from './redis-store.ts'

/** How much time passes between two checks of a test that waits. */
const STEP_MS = 500
let redis: RedisServer
let database = 0

beforeAll(async () => {
  redis = await startRedis('--databases', '100')
})
afterAll(() => redis.close())

/** Two processes on one empty database; the wall clock of the other one may be ahead. */
async function couple(aheadMs = 0, toleranceMs = 5_000) {
  const clock = new FakeClock()
  const url = redis.database(database++)
  const open = async (of: Clock) => {
    const store = await RedisStore.open({ clock: of, url, toleranceMs, connect: redisOnClock(clock) })
    onTestFinished(() => store.close())
    return store
  }
  const client = patientClient(url)
  await client.connect()
  onTestFinished(() => client.disconnect())
  const [one, other] = [await open(clock), await open(aheadOf(clock, aheadMs))]
  /** Repeats a check while time passes; `before` is called before each step of time. */
  const poll = <T>(read: () => T, before: () => Promise<unknown> = async () => undefined) =>
    expect.poll(async () => {
      await before()
      clock.advance(STEP_MS)
      return read()
    })
  return { one, other, client, clock, poll }
}

describe('messages between owners over Redis', () => {
  it('come in order, are delivered again until they are handled, and are then deleted', async () => {
    const { one, other, client, poll } = await couple()
    await one.sync('a', [])
    const got: string[] = []
    let isWilling = false
    onTestFinished(
      one.ownerMessages.receive('a', (letter) => {
        if (letter === '2' && !isWilling) throw new Error('not now')
        got.push(letter)
      }),
    )
    for (const letter of ['1', '2', '3']) await other.ownerMessages.send('a', letter)
    await poll(() => got).toEqual(['1'])
    isWilling = true
    await poll(() => got).toEqual(['1', '2', '3'])
    await poll(() => client.xlen('bidwarden:{mail:a}:letters')).toBe(0)
  })

  it('for a gone owner come to another one, and to nobody else while it lives', async () => {
    const { one, other, client, clock, poll } = await couple()
    const lives = () => one.sync('a', [])
    await lives()
    const stop = one.ownerMessages.receive('a', () => {
      throw new Error('too busy')
    })
    await poll(() => other.ownerMessages.lives('a'), lives).toBe(true)
    const got: [string, boolean][] = []
    onTestFinished(other.ownerMessages.receive('b', (letter, isHeir) => void got.push([letter, isHeir])))
    await other.ownerMessages.send('a', '1')
    // A message for an owner that never lived shows that boxes were checked; after two of them, all were.
    await client.hset('bidwarden:boxes', 'never', Math.floor(clock.nowMs()))
    for (const count of [1, 2]) {
      await other.ownerMessages.send('never', 'look')
      await poll(() => got.length, lives).toBe(count)
    }
    expect(got.flat()).not.toContain('1')
    stop()
    await one.close()
    await poll(() => got.at(-1)).toEqual(['1', true])
    expect(await other.ownerMessages.lives('a')).toBe(false)
  })

  it('are refused by a full box, which loses nothing', async () => {
    const { one, client } = await couple()
    const fill = 'for i = 1, 100000 do redis.call("XADD", KEYS[1], "*", "letter", i) end'
    await client.eval(fill, 1, 'bidwarden:{mail:a}:letters')
    await expect(one.ownerMessages.send('a', 'one more')).rejects.toThrow(StoreUnavailable)
    expect(await client.xlen('bidwarden:{mail:a}:letters')).toBe(100_000)
  })

  it('boxes are forgotten an hour after their owner', async () => {
    const { one, other, client, poll } = await couple(3_700_000, 4_000_000)
    await one.sync('a', [])
    one.ownerMessages.receive('a', () => undefined)()
    await poll(() => client.hkeys('bidwarden:boxes')).toContain('a')
    await one.close()
    onTestFinished(other.ownerMessages.receive('b', () => undefined))
    await poll(() => client.hkeys('bidwarden:boxes')).toEqual(['b'])
  })

  it('tells which bids an owner had settled', async () => {
    const { one, other, poll } = await couple()
    for (const seq of [1, 70_000, 1_000_000]) one.ownerMessages.noteSettled('a', seq, undefined)
    one.ownerMessages.noteSettled('a', 3, 40)
    one.ownerMessages.noteSettled('a', 4, 0)
    one.ownerMessages.noteSettled('a', 3, 90)
    await poll(() => other.ownerMessages.settledAt('a', 4)).toBe(0)
    const all = Number.POSITIVE_INFINITY
    const asked = [1, 2, 3, 69_999, 70_000, 1_000_000].map((seq) => other.ownerMessages.settledAt('a', seq))
    expect(await Promise.all(asked)).toEqual([all, undefined, 90, undefined, all, all])
    expect(await other.ownerMessages.settledAt('b', 1)).toBeUndefined()
  })
})
