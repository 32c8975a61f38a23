import { expect, it } from 'vitest'
import { type KeptOutcomes, readOutcomes, writeOutcomes } from './kept-outcomes.ts'
import { AGES, forgottenAfterMs } from './outcomes.ts'

const steps = (...values: number[]) => Array.from({ length: AGES + 1 }, (_, age) => values[age] ?? 0)
const NOW_MS = 1_790_000_000_000
const known = (scope: string, bids: number): KeptOutcomes => ({
  scope,
  currency: 'USD',
  classes: [
    {
      ttlMs: 300_000,
      priceClass: 13,
      atMs: NOW_MS,
      slots: 7,
      young: { reached: steps(bids, bids - 3, 2), billed: steps(3, 1, 2) },
      old: { reached: steps(), billed: steps() },
    },
  ],
})

it('what is known of how bids end is read as it was written', () => {
  const scopes = [known('platform:openrtb', 900), known('campaign:openrtb:a', 40)]
  expect(readOutcomes(writeOutcomes(scopes, NOW_MS))).toEqual(scopes)
})

it('what would be forgotten by now is not kept: a campaign that is gone takes no place', () => {
  const generations = forgottenAfterMs(300_000)
  const scopes = [known('campaign:openrtb:gone', 900)]
  expect(readOutcomes(writeOutcomes(scopes, NOW_MS + generations - 1))).toEqual(scopes)
  expect(readOutcomes(writeOutcomes(scopes, NOW_MS + generations))).toEqual([])
})

it('a text that is damaged, impossible or of another version is not read', () => {
  const text = writeOutcomes([known('platform:openrtb', 900)], NOW_MS)
  for (const [from, to] of [
    [text, ''],
    [text, text.slice(0, -9)],
    ['"version":2', '"version":1'],
    [`"ages":${AGES}`, `"ages":${AGES - 1}`],
    ['"ttlMs":300000', '"ttlMs":0'],
    ['"priceClass":13', '"priceClass":"13"'],
    ['"slots":7', '"slots":-7'],
    ['[900,', '[900.5,'],
    ['[900,', '[-900,'],
    ['[900,', '['],
    // More were billed than there were.
    ['[900,', '[5,'],
    ['[3,1,2,', '[3,1,3,'],
  ] as const) {
    expect(text).toContain(from)
    expect([to, readOutcomes(text.replace(from, to))]).toEqual([to, undefined])
  }
})

it('of a thousand classes only those with the most bids are kept', () => {
  const scopes = Array.from({ length: 1_000 }, (_, i) =>
    known(`campaign:openrtb:${i}`, 100 + ((i * 7) % 1_000)),
  )
  const kept = readOutcomes(writeOutcomes(scopes, NOW_MS)) ?? []
  const bids = kept.map(({ classes }) => classes[0]?.young.reached[0] ?? 0)
  expect([bids.length, Math.min(...bids), Math.max(...bids)]).toEqual([200, 900, 1_099])
})
