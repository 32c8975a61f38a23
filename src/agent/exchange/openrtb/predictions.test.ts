import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../../test/support/fake-clock.ts'
import { type IdType, PREDICTION_BYTES, type Predictions, PredictionTable } from './predictions.ts'

const tableOf = (maxRows: number, rowsOfAll = maxRows, clock = new FakeClock()) =>
  new PredictionTable(clock, 'a secret', { maxRows, maxBytes: rowsOfAll * PREDICTION_BYTES })

interface More {
  readonly idType?: IdType
  readonly confidence?: number
  readonly ttlSeconds?: number
}

function put(rows: Predictions, userId: string, ltv: number, more: More = {}): void {
  const { idType = 'user', confidence, ttlSeconds } = more
  rows.put({ digest: rows.digestOf(idType, userId), ltv, confidence, ttlSeconds })
}

const drop = (rows: Predictions, userId: string) => rows.delete(rows.digestOf('user', userId))
const ltvsOf = (rows: Predictions, users: readonly string[]) =>
  users.map((user) => rows.get('user', user)?.ltv)

describe('predictions', () => {
  it('are kept by kind of id and id, replaced and deleted', () => {
    const rows = tableOf(10).of(undefined)
    put(rows, 'u', 1, { confidence: 0.7 })
    put(rows, 'u', 2, { idType: 'ifa' })
    put(rows, 'u', 3, { idType: 'eid:a b' })
    expect(rows.get('user', 'u')).toEqual({ ltv: 1, confidence: 0.7, ttlSeconds: undefined })
    put(rows, 'u', 9)
    expect([rows.get('user', 'u')?.ltv, rows.get('ifa', 'u')?.ltv, rows.size]).toEqual([9, 2, 3])
    expect(rows.get('user', 'u')?.confidence).toBeUndefined()
    expect([drop(rows, 'u'), drop(rows, 'u')]).toEqual([true, false])
    expect(rows.get('user', 'u')).toBeUndefined()
    expect(rows.get('eid:a', 'b u')).toBeUndefined()
  })

  it('count for their time to live', () => {
    const clock = new FakeClock()
    const table = tableOf(10, 10, clock)
    const rows = table.of(undefined)
    put(rows, 'u', 5, { ttlSeconds: 60 })
    clock.advance(59_000)
    expect(rows.get('user', 'u')).toMatchObject({ ltv: 5, ttlSeconds: 1 })
    clock.advance(1000)
    expect([...table.all()]).toEqual([])
    expect(rows.get('user', 'u')).toBeUndefined()
    expect(rows.size).toBe(0)
  })

  it('make room by the row not used for longest', () => {
    const rows = tableOf(3).of(undefined)
    for (const user of ['a', 'b', 'c']) put(rows, user, 1)
    rows.get('user', 'a')
    put(rows, 'd', 4)
    expect(ltvsOf(rows, ['a', 'b', 'c', 'd'])).toEqual([1, undefined, 1, 4])
  })

  it('of all organisations take no more bytes than they may, and the one with most gives up its own', () => {
    const table = tableOf(4, 5)
    const [mine, yours] = [table.of(1), table.of(2)]
    put(yours, 'x', 7)
    for (const user of ['a', 'b', 'c', 'd']) put(mine, user, 1)
    expect([table.bytes, table.longest]).toEqual([5 * PREDICTION_BYTES, 4])
    put(yours, 'y', 8)
    put(yours, 'z', 9)
    expect(ltvsOf(mine, ['a', 'b', 'c', 'd'])).toEqual([undefined, undefined, 1, 1])
    for (let i = 0; i < 100; i++) put(mine, `more${i}`, i)
    expect(ltvsOf(yours, ['x', 'y', 'z']).filter((ltv) => ltv !== undefined).length).toBeGreaterThan(1)
    expect(table.bytes).toBe(5 * PREDICTION_BYTES)
  })

  it('of one organisation are not found by another', () => {
    const table = tableOf(10)
    put(table.of(1), 'u', 1)
    expect(table.of(2).get('user', 'u')).toBeUndefined()
    expect(table.of(undefined).get('user', 'u')).toBeUndefined()
    expect(drop(table.of(2), 'u')).toBe(false)
    expect(table.of(1).get('user', 'u')?.ltv).toBe(1)
  })

  it('are told to another table as they are', () => {
    const [from, to] = [tableOf(10), tableOf(10)]
    put(from.of(1), 'u', 1, { confidence: 0.5 })
    put(from.of(undefined), 'u', 2, { ttlSeconds: 9 })
    put(from.of(1), 'gone', 3)
    drop(from.of(1), 'gone')
    for (const { org, row } of from.all()) to.of(org).put(row)
    expect(to.of(1).get('user', 'u')).toEqual({ ltv: 1, confidence: 0.5, ttlSeconds: undefined })
    expect(to.of(undefined).get('user', 'u')).toEqual({ ltv: 2, confidence: undefined, ttlSeconds: 9 })
    expect([to.of(1).size, to.bytes]).toEqual([1, 2 * PREDICTION_BYTES])
  })

  it('never mix up rows while millions come and go', () => {
    const table = tableOf(300, 500)
    const known = [1, 2, 3].map(() => new Map<string, number>())
    for (let i = 0; i < 50_000; i++) {
      const org = 1 + (i % 3)
      const rows = table.of(org)
      put(rows, `u${i % 700}`, i)
      known[org - 1]?.set(`u${i % 700}`, i)
      if (i % 7 === 0) drop(rows, `u${(i * 3) % 700}`)
      const user = `u${(i * 5) % 700}`
      const found = rows.get('user', user)
      if (found) expect(found.ltv).toBe(known[org - 1]?.get(user))
    }
    const sizes = [1, 2, 3].map((org) => table.of(org).size)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(300)
    expect([...table.all()]).toHaveLength(sizes.reduce((sum, size) => sum + size))
    expect(table.bytes).toBeLessThanOrEqual(500 * PREDICTION_BYTES)
  })
})
