import { expect, it } from 'vitest'
import { createBidder } from '../../test/support/bidder.ts'
import { FakeClock } from '../../test/support/fake-clock.ts'
import type { BidderUpdate } from '../agent/index.ts'
import { createLog } from '../log.ts'
import { keepTraffic, recallTraffic } from './keep-traffic.ts'

const HOUR_MS = 3_600_000

const learning = (clock: FakeClock) => {
  const { traffic, deps } = createBidder({ clock })
  return { traffic: new Map([['acme', traffic]]), decide: deps, curve: traffic }
}

it('what is known of the traffic is told to workers, and found by the next start', async () => {
  const clock = new FakeClock()
  const [before, told, kept] = [learning(clock), [] as BidderUpdate[], [] as { id: string; text: string }[]]
  const append = async (entries: readonly object[]) => void kept.push(...(entries as typeof kept))
  const tell = async (update: BidderUpdate) => void told.push(update)
  const keeper = keepTraffic(clock, before, { append }, { tell })
  clock.advance(HOUR_MS)
  before.curve.add(5, clock.nowMs())
  clock.advance(HOUR_MS - 1)
  expect(kept).toEqual([])
  clock.advance(60_000)
  await keeper.close()
  const hours = before.curve.known(clock.nowMs())
  expect(hours.filter((one) => one !== null)).toEqual([5])
  expect(told).toEqual([{ put: 'traffic', seat: 'acme', hours }])

  const after = learning(clock)
  const lines: string[] = []
  const log = createLog('info', { write: (line) => void lines.push(line) })
  recallTraffic({ facts: kept }, after, log)
  expect(after.curve.known(clock.nowMs())).toEqual(hours)
  recallTraffic(
    { facts: [{ id: 'traffic', text: kept[0]?.text.replace('5', '-5') ?? '' }] },
    learning(clock),
    log,
  )
  expect(lines.join()).toContain('learned anew')
})
