import { expect, it } from 'vitest'
import { FakeClock } from '../../test/support/fake-clock.ts'
import { stoppedError } from './stopped-error.ts'

it('does not blame the limit of calls where the budget store grants none', () => {
  const throttled = { is: 'throttled', detail: 'no', retryAfterMs: 1_000 } as const
  const codes = [throttled, { ...throttled, isStoreAway: true }].map(
    (stopped) => stoppedError(new FakeClock(), 'meta', stopped).code,
  )
  expect(codes).toEqual(['rate_limited', 'budget_store_unavailable'])
})
