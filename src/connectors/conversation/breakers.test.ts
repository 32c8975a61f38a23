import { expect, it } from 'vitest'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { type BreakerChange, createBreakers } from './breakers.ts'

function start() {
  const clock = new FakeClock()
  const changes: BreakerChange[] = []
  const breakers = createBreakers(clock, (change) => changes.push(change))
  const of = (orgId: number, connectorId = `of-${orgId}`) => ({ type: 'SHEETS', orgId, connectorId }) as const
  const call = (calling: ReturnType<typeof of>, verdict: 'healthy' | 'failing') => {
    const entry = breakers.enter(calling, 'calls')
    if (entry.is === 'admitted') entry.passage.report(verdict, 1)
    return entry.is
  }
  const fails = (calling: ReturnType<typeof of>) => {
    for (let n = 0; n < 5; n++) call(calling, 'failing')
  }
  return { clock, changes, breakers, of, call, fails }
}

it('stops calls to a connection that fails, and to no other', () => {
  const { breakers, changes, of, call, fails } = start()
  // However many of one organisation fail.
  for (let n = 0; n < 10; n++) fails(of(1, `sheet-${n}`))
  expect(call(of(1, 'sheet-3'), 'healthy')).toBe('open')
  expect(breakers.isOpen(of(1, 'sheet-3'))).toBe(true)
  expect([call(of(1, 'another'), 'healthy'), call(of(2), 'healthy')]).toEqual(['admitted', 'admitted'])
  expect(changes.every(({ connection }) => connection?.orgId === 1)).toBe(true)
})

it('stops calls to a platform that fails for several organisations, until one of their probes works', () => {
  const { clock, breakers, changes, of, call, fails } = start()
  for (const org of [1, 2]) fails(of(org))
  expect(call(of(9), 'failing')).toBe('admitted')
  fails(of(3))
  expect(call(of(9), 'healthy')).toBe('open')
  expect(breakers.closedInMs(of(9), 'calls')).toBe(30_000)
  expect(changes.at(-1)).toMatchObject({ connection: undefined, to: 'open' })
  clock.advance(30_000)
  expect(call(of(1), 'healthy')).toBe('admitted')
  expect(call(of(9), 'healthy')).toBe('admitted')
  expect(changes.some(({ connection, to }) => !connection && to === 'closed')).toBe(true)
})

it('does not treat a platform as failing while it works for somebody', () => {
  const { of, call, fails } = start()
  for (const org of [1, 2, 3, 4]) {
    fails(of(org))
    call(of(9), 'healthy')
  }
  expect(call(of(10), 'healthy')).toBe('admitted')
})

it('forgets a connection that is gone', () => {
  const { breakers, of, call, fails } = start()
  fails(of(1))
  breakers.forget('of-1')
  expect(call(of(1), 'healthy')).toBe('admitted')
})
