import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { call, withSandbox } from '../sandbox.test-support.ts'

const clock = new FakeClock()
const { sandbox } = withSandbox({ clock })
const MANAGER = '9990001111'
const CLIENT = '2223334444'

async function rows(customer: string, query: string, headers: Record<string, string> = {}) {
  const { urls, credentials } = sandbox()
  const answer = await call(`${urls.googleAds}/v26/customers/${customer}/googleAds:searchStream`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${credentials.googleAds.accessToken}`,
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify({ query }),
  })
  const [first] = answer.json
  return first.error
    ? first.error.details[0].errors[0].errorCode
    : answer.json.flatMap(({ results = [] }: { results?: unknown[] }) => results)
}
const below = { 'login-customer-id': MANAGER }
const figures = (fields: string) =>
  `SELECT campaign.id, segments.date, ${fields} FROM campaign WHERE segments.date BETWEEN '2026-11-10' AND '2026-12-31'`
type Figures = { segments: { date: string }; metrics?: { conversions?: number } }[]
const conversionsUntil = (date: string, found: Figures) =>
  found
    .filter(({ segments }) => segments.date <= date)
    .reduce((sum, { metrics }) => sum + (metrics?.conversions ?? 0), 0)

describe('reports', () => {
  it('have no days after today, and grow for a week as conversions come in', async () => {
    const today = new Date(clock.nowMs()).toISOString().slice(0, 10)
    const early = await rows(CLIENT, figures('metrics.conversions'), below)
    const dates = early.map(({ segments }: { segments: { date: string } }) => segments.date)
    expect(dates.sort().at(-1)).toBe(today)
    clock.advance(8 * 86_400_000)
    const late = await rows(CLIENT, figures('metrics.conversions'), below)
    expect(conversionsUntil(today, late)).toBeGreaterThan(conversionsUntil(today, early))
  })

  it('are not there for a manager', async () => {
    expect(await rows(MANAGER, figures('metrics.clicks'))).toEqual({
      queryError: 'REQUESTED_METRICS_FOR_MANAGER',
    })
  })

  it.each([
    [CLIENT, {}, { authorizationError: 'USER_PERMISSION_DENIED' }],
    [CLIENT, { 'login-customer-id': '1234567890' }, { authorizationError: 'USER_PERMISSION_DENIED' }],
    ['5550006666', {}, { authorizationError: 'CUSTOMER_NOT_ENABLED' }],
    [CLIENT, { 'login-customer-id': '999-000-1111' }, { requestError: 'INVALID_CUSTOMER_ID' }],
  ])('of %s are not opened by %o', async (customer, headers, errorCode) => {
    expect(await rows(customer, 'SELECT customer.id FROM customer', headers)).toEqual(errorCode)
  })
})
