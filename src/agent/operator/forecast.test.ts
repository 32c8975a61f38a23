import { describe, expect, it } from 'vitest'
import { micros } from '../../money.ts'
import { type LimitSpec, STRICT } from '../../shield/index.ts'
import { forecastBody } from './forecast.ts'

const UNIT = 1_000_000
const NOON = Date.parse('2026-11-02T12:00:00Z')
const limit = (spec: LimitSpec, spent: number, held = 0) => ({
  spec,
  spent: micros(spent * UNIT),
  held: micros(held * UNIT),
  remaining: micros(Math.max(0, spec.max - (spent + held) * UNIT)),
  utilization: 0,
  nextReliefMs: undefined,
})
const max = (units: number) => micros(units * UNIT)
const forecast = (...limits: ReturnType<typeof limit>[]) =>
  forecastBody(
    {
      scope: 'campaign:meta:c1@7',
      currency: 'EUR',
      pause: { is: 'running' },
      spent: micros(0),
      held: micros(0),
      prices: micros(0),
      allowance: 0,
      holdMode: STRICT,
      holdModeNow: STRICT,
      elsewhere: micros(0),
      forfeited: { amount: 0, bookedInMs: undefined },
      overdraft: micros(0),
      limits,
    },
    NOON,
    7,
  )

describe('a forecast', () => {
  it('goes on over a day as the day went so far, up to its limit', () => {
    const day = { kind: 'day', timezone: 'UTC' } as const
    const { scope, currency, limits } = forecast(
      limit({ ...day, max: max(100) }, 20, 10),
      limit({ ...day, max: max(50) }, 30),
    )
    expect({ scope, currency }).toEqual({ scope: 'campaign:meta:c1', currency: 'EUR' })
    expect(limits).toMatchObject([
      {
        perHour: 2.5,
        measuredOverSeconds: 43_200,
        endsAt: '2026-11-03T00:00:00.000Z',
        spentAtEnd: 60,
        usedUpAt: null,
      },
      { perHour: 2.5, spentAtEnd: 50, usedUpAt: '2026-11-02T20:00:00.000Z' },
    ])
  })

  it('begins a day where the budget’s people do, however many hours it has', () => {
    const [berlin] = forecast(limit({ kind: 'day', timezone: 'Europe/Berlin', max: max(100) }, 26)).limits
    expect(berlin).toMatchObject({ perHour: 2, endsAt: '2026-11-02T23:00:00.000Z', spentAtEnd: 48 })
  })

  it('says that a sliding window stays as it is, and when money for ever is gone at the speed of the others', () => {
    const sliding = limit({ kind: 'sliding', windowMs: 600_000, max: max(100) }, 10)
    const ever = limit({ kind: 'lifetime', max: max(1_000) }, 880)
    expect(forecast(sliding, ever).limits).toMatchObject([
      { perHour: 60, measuredOverSeconds: 600, endsAt: null, spentAtEnd: null, usedUpAt: null },
      { perHour: 60, usedUpAt: '2026-11-02T14:00:00.000Z' },
    ])
    expect(forecast(ever).limits).toMatchObject([
      { perHour: null, measuredOverSeconds: null, usedUpAt: null },
    ])
  })

  it('says now where nothing is left, and never where nothing is spent', () => {
    const used = limit({ kind: 'sliding', windowMs: 600_000, max: max(10) }, 12)
    const idle = limit({ kind: 'day', timezone: 'UTC', max: max(10) }, 0)
    expect(forecast(used, idle).limits).toMatchObject([
      { usedUpAt: '2026-11-02T12:00:00.000Z' },
      { perHour: 0, spentAtEnd: 0, usedUpAt: null },
    ])
  })
})
