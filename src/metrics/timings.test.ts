import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { Timings } from './timings.ts'

const options = {
  name: 'asked_seconds',
  help: 'Asked.',
  outcomes: ['bid', 'no_bid'],
  upperMs: [1, 10],
} as const

const linesOf = async (registry: Registry): Promise<string[]> =>
  (await registry.metrics()).split('\n').filter((line) => line.startsWith('asked_seconds'))

it('shows every outcome as a histogram, at every scrape', async () => {
  const registry = new Registry()
  const timings = new Timings(registry, options)
  timings.observe('bid', 1)
  timings.observe('bid', 2)
  timings.observe('bid', 11)
  for (let scrape = 0; scrape < 2; scrape++)
    expect(await linesOf(registry)).toEqual([
      'asked_seconds_bucket{le="0.001",outcome="bid"} 1',
      'asked_seconds_bucket{le="0.01",outcome="bid"} 2',
      'asked_seconds_bucket{le="+Inf",outcome="bid"} 3',
      'asked_seconds_sum{outcome="bid"} 0.014',
      'asked_seconds_count{outcome="bid"} 3',
      'asked_seconds_bucket{le="0.001",outcome="no_bid"} 0',
      'asked_seconds_bucket{le="0.01",outcome="no_bid"} 0',
      'asked_seconds_bucket{le="+Inf",outcome="no_bid"} 0',
      'asked_seconds_sum{outcome="no_bid"} 0',
      'asked_seconds_count{outcome="no_bid"} 0',
    ])
  const shown = await registry.getMetricsAsJSON()
  expect(shown).toMatchObject([{ name: 'asked_seconds', type: 'histogram' }])
})

it('adds what another process has observed since it told the last time, and nothing twice', async () => {
  const registry = new Registry()
  const here = new Timings(registry, options)
  const there = new Timings(new Registry(), options)
  here.observe('bid', 5)
  there.observe('bid', 5)
  there.observe('no_bid', 20)
  here.addUpdates(there.takeUpdates())
  here.addUpdates(there.takeUpdates())
  there.observe('bid', 0.5)
  here.addUpdates(structuredClone(there.takeUpdates()))
  const lines = await linesOf(registry)
  expect(lines).toContain('asked_seconds_bucket{le="0.001",outcome="bid"} 1')
  expect(lines).toContain('asked_seconds_count{outcome="bid"} 3')
  expect(lines).toContain('asked_seconds_sum{outcome="bid"} 0.0105')
  expect(lines).toContain('asked_seconds_bucket{le="0.01",outcome="no_bid"} 0')
  expect(lines).toContain('asked_seconds_count{outcome="no_bid"} 1')
})
