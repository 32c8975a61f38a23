import { expect, it } from 'vitest'
import { Caveats } from '../platform/caveats.ts'
import type { DateRange, ReportResult } from '../platform/connector.ts'
import type { Json } from '../platform/rows.ts'
import type { Reply, Step, Talk } from '../platform/steps.ts'
import { daysOf } from './dates.ts'
import { inHalves } from './halves.ts'

const MONTH = { start: '2026-11-01', end: '2026-11-30' }
const request = { method: 'GET', url: 'https://x.example', headers: {} } as const

/** Reads a report that is too much from `tooManyDays` days on; returns what happened. */
function reading(
  tooManyDays: number,
  { range = MONTH as DateRange | undefined, resume = undefined as Json | undefined, stopAfter = 1_000 } = {},
) {
  const asked: string[] = []
  const resumed: (Json | undefined)[] = []
  const steps: Exclude<Step, { is: 'ask' }>[] = []
  const caveats = new Caveats()
  function* report(range: DateRange | undefined, resume: Json | undefined): Talk<ReportResult> {
    resumed.push(resume)
    yield { is: 'remember', state: `order of ${range?.start}` }
    caveats.leftOut('it is damaged')
    yield { is: 'ask', request, bucket: String(range ? daysOf(range) : 99) }
    yield { is: 'progress', share: 0.5 }
    asked.push(range ? `${range.start}/${range.end}` : 'all')
    return { cursor: undefined, finalThrough: undefined, caveats: ['sampled'] }
  }
  const talk = inHalves(report, range, resume, caveats)
  let reply: Reply
  for (let n = 0; n < stopAfter; n++) {
    const turn = talk.next(reply)
    if (turn.done) return { asked, resumed, steps, caveats, result: turn.value }
    if (turn.value.is === 'ask')
      reply =
        Number(turn.value.bucket) >= tooManyDays
          ? { is: 'too_much', detail: 'so many' }
          : { is: 'ok', body: 1 }
    else {
      steps.push(turn.value)
      reply = undefined
    }
  }
  return { asked, resumed, steps, caveats, result: undefined }
}

it('changes nothing of a report that is not too much', () => {
  const { asked, steps, result } = reading(31)
  expect(asked).toEqual(['2026-11-01/2026-11-30'])
  expect(steps).toEqual([
    { is: 'remember', state: 'order of 2026-11-01' },
    { is: 'progress', share: 0.5 },
  ])
  expect(result).toMatchObject({ caveats: ['sampled'] })
})

it('reads a report that is too much in halves, as often as needed, and reports each caveat once', () => {
  const { asked, steps, result, caveats } = reading(10)
  expect(asked).toEqual([
    '2026-11-01/2026-11-08',
    '2026-11-09/2026-11-15',
    '2026-11-16/2026-11-23',
    '2026-11-24/2026-11-30',
  ])
  expect(result).toMatchObject({ caveats: ['sampled'] })
  expect(caveats.texts).toEqual(['4 rows are left out because it is damaged'])
  const shares = steps.flatMap((step) => (step.is === 'progress' ? [step.share] : []))
  expect(shares).toEqual([...shares].sort((one, other) => one - other))
  expect(shares.every((share) => share < 1)).toBe(true)
})

it('goes on after a crash with what is left, and with what its conversation remembered', () => {
  for (let stopAfter = 1; stopAfter < 40; stopAfter++) {
    const first = reading(10, { stopAfter })
    const last = first.steps.findLast((step) => step.is === 'remember')
    const second = reading(10, { resume: last?.is === 'remember' ? last.state : undefined })
    const days = new Set([...first.asked, ...second.asked])
    expect([...days].sort()).toEqual(reading(10).asked)
    expect(second.asked).toEqual(reading(10).asked.slice(-second.asked.length))
  }
  const { resumed } = reading(10, {
    resume: { left: [{ start: '2026-11-29', end: '2026-11-30' }], begun: 'order' },
  })
  expect(resumed).toEqual(['order'])
})

it('gives a conversation back what it remembered, even if that looks like the state of halves', () => {
  expect(
    reading(31, { resume: { left: [{ start: '2026-11-01', end: '2026-11-30', via: 'run' }] } }).resumed,
  ).toEqual([{ left: [{ start: '2026-11-01', end: '2026-11-30', via: 'run' }] }])
})

it('refuses what is too much and cannot be halved: a single day, or a report without dates', () => {
  expect(() => reading(1)).toThrow('not even 2026-11-01 alone can be read: so many')
  expect(() => reading(1, { range: undefined })).toThrow('so many')
})
