import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../../test/support/fake-clock.ts'
import { Predictions } from './index.ts'

const row = (userId: string, ltv: number, more: object = {}) => ({
  idType: 'user' as const,
  userId,
  ltv,
  confidence: undefined,
  ttlSeconds: undefined,
  ...more,
})

describe('predictions', () => {
  it('are kept by kind of id and id, replaced and deleted', () => {
    const table = new Predictions(new FakeClock(), 10)
    table.put(row('u', 1, { confidence: 0.7 }))
    table.put(row('u', 2, { idType: 'ifa' }))
    table.put(row('u', 3, { idType: 'eid:a b' }))
    expect(table.get('user', 'u')).toEqual({ ltv: 1, confidence: 0.7, ttlSeconds: undefined })
    table.put(row('u', 9))
    expect([table.get('user', 'u')?.ltv, table.get('ifa', 'u')?.ltv, table.size]).toEqual([9, 2, 3])
    expect(table.get('user', 'u')?.confidence).toBeUndefined()
    expect([table.delete('user', 'u'), table.delete('user', 'u')]).toEqual([true, false])
    expect(table.get('user', 'u')).toBeUndefined()
    expect(table.get('eid:a', 'b u')).toBeUndefined()
  })

  it('count for their time to live', () => {
    const clock = new FakeClock()
    const table = new Predictions(clock, 10)
    table.put(row('u', 5, { ttlSeconds: 60 }))
    clock.advance(59_000)
    expect(table.get('user', 'u')).toMatchObject({ ltv: 5, ttlSeconds: 1 })
    clock.advance(1000)
    expect(table.get('user', 'u')).toBeUndefined()
    expect(table.size).toBe(0)
  })

  it('make room by the row not used for longest', () => {
    const table = new Predictions(new FakeClock(), 3)
    for (const user of ['a', 'b', 'c']) table.put(row(user, 1))
    table.get('user', 'a')
    table.put(row('d', 4))
    expect(['a', 'b', 'c', 'd'].map((user) => table.get('user', user)?.ltv)).toEqual([1, undefined, 1, 4])
  })

  it('never mix up rows while millions come and go', () => {
    const table = new Predictions(new FakeClock(), 500)
    for (let i = 0; i < 50_000; i++) {
      table.put(row(`u${i % 700}`, i))
      if (i % 7 === 0) table.delete('user', `u${(i * 3) % 700}`)
      const found = table.get('user', `u${(i * 5) % 700}`)
      if (found) expect(found.ltv % 700).toBe((i * 5) % 700)
    }
    expect(table.size).toBeLessThanOrEqual(500)
  })
})
