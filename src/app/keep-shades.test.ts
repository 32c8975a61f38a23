import { expect, it } from 'vitest'
import { bannerRequest, createBidder } from '../../test/support/bidder.ts'
import { FakeClock } from '../../test/support/fake-clock.ts'
import type { BidderUpdate } from '../agent/index.ts'
import { createLog } from '../log.ts'
import { keepShades, recallShades } from './keep-shades.ts'

const price = { cpmPerLtv: 1, maxCpm: 100 }
const learning = (clock: FakeClock) => {
  const bidder = createBidder({ clock, campaigns: { c1: { price } }, random: () => 0.999 })
  const seats = new Map([['acme', {} as never]])
  const ask = () => bidder.bid(bannerRequest({}, { at: 1, ext: { bidwarden: { predictedLtv: 4 } } }))
  return { ...bidder, seats, ask }
}

it('what is learned of prices is told to workers, and found by the next start', async () => {
  const clock = new FakeClock()
  const [before, told, kept] = [learning(clock), [] as BidderUpdate[], [] as { id: string; text: string }[]]
  const append = async (entries: readonly object[]) => void kept.push(...(entries as typeof kept))
  const tell = async (update: BidderUpdate) => void told.push(update)
  const keeper = keepShades(clock, before, { append }, { tell })
  for (let i = 0; i < 100; i++) {
    const made = before.ask()
    if (made) before.notify('win', made, { lowest: '1.5' })
  }
  await keeper.close()
  expect([told, kept]).toEqual([[], []])
  clock.advance(30_000)
  await keeper.close()
  expect(told).toMatchObject([{ put: 'shades', seat: 'acme' }])
  expect(kept).toHaveLength(1)
  const shaded = before.ask()?.price ?? 0
  expect(shaded).toBeLessThan(2)

  const after = learning(clock)
  const lines: string[] = []
  const log = createLog('info', { write: (line) => void lines.push(line) })
  recallShades({ facts: kept }, after, log)
  expect(after.ask()?.price).toBeCloseTo(shaded, 1)
  expect(after.shader.shown('acme')[0]?.auctions).toBe(99)
  const worker = learning(clock)
  for (const update of told)
    if ('put' in update && update.put === 'shades') worker.shader.restore(update.seat, update.shades)
  expect(worker.ask()?.price).toBeCloseTo(shaded, 1)

  const broken = learning(clock)
  const text = kept[0]?.text.replace('"version":1', '"version":0') ?? ''
  recallShades({ facts: [{ id: 'shades:acme', text }] }, broken, log)
  expect(broken.ask()?.price).toBe(4)
  expect(lines.join()).toContain('prices are learned anew')
})

it('a worker tells what it has judged, and keeps what it has not told yet when it is told the rest', () => {
  const clock = new FakeClock()
  const [primary, worker] = [learning(clock), learning(clock)]
  const reporting = createBidder({ clock, campaigns: { c1: { price } }, random: () => 0.999, reports: true })
  const play = (bids: number) => {
    for (let i = 0; i < bids; i++) {
      const request = bannerRequest({}, { at: 1, ext: { bidwarden: { predictedLtv: 4 } } })
      const made = reporting.bid(request)
      if (made) reporting.notify('win', made, { lowest: '1.5' })
    }
    clock.advance(30_000)
  }
  play(60)
  primary.shader.learn(reporting.shader.takeNews())
  expect(reporting.shader.takeNews()).toEqual([])
  expect(primary.ask()?.price).toBeLessThan(2)
  play(20)
  expect(reporting.shader.shown('acme')[0]?.auctions).toBe(79)
  reporting.shader.restore('acme', primary.shader.kept('acme'))
  expect(reporting.shader.shown('acme')[0]?.auctions).toBe(79)
  expect(reporting.shader.takeNews()).toHaveLength(20)
  worker.shader.learn([{ seat: 'gone', slot: 'app_audio', price: 1, worth: 1, isWon: true, lowest: 1 }])
  expect(worker.shader.shown('gone')).toEqual([])
})
