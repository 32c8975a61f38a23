import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { FastCounter } from './fast-counter.ts'

it('shows each series with what was counted since the start, at every scrape', async () => {
  const registry = new Registry()
  const tally = new FastCounter(registry, 'asked_total', 'Asked.', ['seat', 'result'])
  const bids = tally.cell({ seat: 'a', result: 'bid' })
  tally.cell({ seat: 'b', result: 'bid' })
  bids.count += 2
  tally.add({ seat: 'a', result: 'bid' })
  tally.add({ result: 'shed', seat: 'a' })
  const shown = [
    'asked_total{seat="a",result="bid"} 3',
    'asked_total{seat="b",result="bid"} 0',
    'asked_total{result="shed",seat="a"} 1',
  ]
  for (let scrape = 0; scrape < 2; scrape++) {
    const text = await registry.metrics()
    expect(text.split('\n').filter((line) => line.startsWith('asked'))).toEqual(shown)
  }
})
