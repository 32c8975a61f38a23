import { expect, it } from 'vitest'
import { FakeClock } from '../../test/support/fake-clock.ts'
import { ApiKeys, type KeptKey, type KeyChanges } from './api-keys.ts'

const kept = (id: string, sha256 = id.repeat(64)): KeptKey => ({
  ...{ id, name: id, scopes: ['bid'], sha256, madeAtMs: 0, madeBy: 'ops', madeOpenly: false },
})

it('tells what has changed alone, however many keys there are', () => {
  const keys = new ApiKeys([], new FakeClock())
  keys.take({ now: ['a', 'b', 'c'].map((id) => kept(id)), gone: [] })
  const told: KeyChanges[] = []
  const stop = keys.watch((changes) => told.push(changes))
  keys.take({ now: [kept('d')], gone: ['a'] })
  stop()
  keys.take({ now: [kept('b', 'e'.repeat(64))], gone: ['nobody'] })
  expect(told).toEqual([{ now: [kept('d')], gone: ['a'] }])
  expect([...keys.made.keys()]).toEqual(['c', 'd', 'b'])
})
