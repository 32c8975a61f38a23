import { expect, it } from 'vitest'
import { goOn } from '../support/harness.ts'
import { startReads } from '../support/reads.ts'

const CONNECTIONS = 50
/** `REQUESTS=10000` takes some minutes. */
const REQUESTS = Number(process.env['REQUESTS'] ?? 500)
/** Per account: a queue of ten takes several windows. */
const LIMIT = { calls: 5, windowMs: 60_000 }
const DAY_MS = 86_400_000

/** The day `n` days after the first one that is asked for. */
const day = (n: number) => new Date(Date.UTC(2024, 0, 1) + n * DAY_MS).toISOString().slice(0, 10)

it('a long queue over many connections drains without breaking any limit', async () => {
  const reads = await startReads({ CONNECTOR_MAX_CONCURRENT: '50', CONNECTOR_RATE_LIMITS: 'DV360=5/60' })
  const { platform, clock } = reads
  platform.accounts = Array.from({ length: CONNECTIONS }, (_, n) => `acc-${n}`)
  const connections: string[] = []
  for (const account of platform.accounts) connections.push(await reads.connect({}, account))
  const askedAtMs = new Map<string, number[]>()
  let most = 0
  platform.onAsked = (account) => {
    const times = askedAtMs.get(account) ?? []
    askedAtMs.set(account, [...times.slice(-2 * LIMIT.calls), clock.elapsedMs()])
    most = Math.max(most, callsInWindow(askedAtMs.get(account) ?? []))
  }

  for (let n = 0; n < REQUESTS; n++) {
    // Two days apart, so that no two of a connection are merged.
    const date = day(2 * Math.floor(n / CONNECTIONS))
    const { status } = await reads.fetchReport({
      connector_id: connections[n % CONNECTIONS],
      date_range: { start: date, end: date },
    })
    expect(status).toBe(200)
  }
  const completed = async () =>
    reads.service.reads?.store.db
      .selectFrom('connector_requests')
      .select((s) => s.fn.countAll<number>().as('count'))
      .where('status', '=', 'completed')
      .executeTakeFirst()
  while (Number((await completed())?.count) < REQUESTS) {
    // An answer that is on its way has the time that a busy machine takes, before fake time goes on.
    await goOn()
    clock.advance(2_000)
  }

  expect(most).toBeLessThanOrEqual(LIMIT.calls)
  // Nothing was asked twice.
  expect(platform.asked.filter((call) => call.startsWith('GET /report'))).toHaveLength(REQUESTS)
})

/** Of the newest window. */
function callsInWindow(times: readonly number[]): number {
  const newest = times.at(-1) ?? 0
  return times.filter((time) => newest - time < LIMIT.windowMs).length
}
