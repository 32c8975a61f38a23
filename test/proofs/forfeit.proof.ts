import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { folder, listening, start } from '../support/service.ts'

const KILLS = 8
const BIDS_PER_SECOND = 150
const ROUND_MS = 2_000
const AMOUNT = 0.1
/** Bids and budgets are of this platform alone. */
const PLATFORM = 'tradedesk'
/** Limits that nothing here reaches, so that the money alone decides. */
const ENVIRONMENT = {
  PORT: '0',
  LOG_LEVEL: 'error',
  TRADEDESK_BUDGET: '600',
  TRADEDESK_RATE_LIMIT: '1000000/60',
  TRADEDESK_BREAKER: '100000/60000/1/1',
}

interface Budget {
  readonly limits: readonly [{ readonly spent: number; readonly held: number; readonly remaining: number }]
  readonly forfeited?: { readonly amount: number; readonly becomesSpendInMs: number }
}

it(`a kill at ${BIDS_PER_SECOND} bids a second takes no more than what was under way, and eight kills no more than all of that`, async () => {
  const environment = { ...ENVIRONMENT, DATA_DIR: folder() }
  let sent = 0
  let placed = 0
  let service = start(environment)
  let url = await listening(service)
  for (let kill = 1; kill <= KILLS; kill++) {
    const ended = once(service.child, 'exit')
    const round = await bidUntilKilled(url, () => service.child.kill('SIGKILL'))
    await ended
    sent += round.sent
    placed += round.placed
    service = start(environment)
    url = await listening(service)
    const { limits, forfeited } = await budgetOf(url)
    const taken = limits[0].spent + limits[0].held + (forfeited?.amount ?? 0)
    const figures = { placed, sent, taken, forfeited }
    process.stdout.write(`kill ${kill}: ${JSON.stringify(figures)}\n`)
    // What was acknowledged is never forgotten; of what was not, each bid counts once at most.
    expect(taken).toBeGreaterThanOrEqual(placed * AMOUNT - 1e-6)
    expect(taken).toBeLessThanOrEqual(sent * AMOUNT + 1e-6)
  }
  // It was a load.
  expect(placed).toBeGreaterThan(KILLS)
})

const budgetOf = async (url: string): Promise<Budget> =>
  (await (await fetch(`${url}/v1/budgets/platform:${PLATFORM}`)).json()) as Budget

/** Bids at a steady pace for a while, then kills in the middle of it. How many were sent, and how many acknowledged. */
async function bidUntilKilled(url: string, kill: () => void) {
  const counts = { sent: 0, placed: 0 }
  const bid = async () => {
    const body = JSON.stringify({
      customerId: 'c',
      campaignId: `c${counts.sent % 20}`,
      platform: PLATFORM,
      predictedLtv: 50,
      bidAmount: AMOUNT,
    })
    counts.sent += 1
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${url}/v1/bids`, { method: 'POST', headers, body }).catch(() => undefined)
    if (answer?.status === 200) counts.placed += 1
    await answer?.text().catch(() => undefined)
  }
  const bids: Promise<void>[] = []
  const beganMs = performance.now()
  for (let due = 0; performance.now() - beganMs < ROUND_MS; due++) {
    while (bids.length < due * (BIDS_PER_SECOND / 100)) bids.push(bid())
    await setTimeout(10)
  }
  kill()
  await Promise.all(bids)
  return counts
}
