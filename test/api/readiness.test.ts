import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { NOTIFY_SECRET, startReceiver } from '../support/receiver.ts'
import { redis, startReplica } from '../support/replica.ts'

const LOST = 'Redis does not know what was spent before'
const GRANTS = 'the budget store refuses no budget any more'

async function emptied(url: string): Promise<void> {
  const client = new Redis(url)
  await client.flushall()
  client.disconnect()
}

it('a store that was emptied is reported by /readyz, the metrics and the log, also without bids, until an operator vouches for it', async () => {
  const { url } = await redis()
  const receiver = await startReceiver()
  const notify = { NOTIFY_URL: receiver.url, NOTIFY_SECRET, NOTIFY_EVENTS: 'store_fenced' }
  const { bid, get, logged, vouch } = await startReplica(url, notify)
  const said = () => logged.filter(({ msg }) => msg.includes('the budget store refuses'))
  // Behind a slow Redis the store is away at times, and each budget learns of a fence, and of its end, by an answer of its own.
  const ready = (status: number, why: RegExp) =>
    expect.poll(() => get('/readyz')).toEqual({ status, body: expect.stringMatching(why) })
  await ready(503, new RegExp(LOST))
  await vouch()
  await ready(200, /^ok$/)
  const works = 'bidwarden_part_ready{part="budget_store_unavailable"} 1'
  await expect.poll(async () => (await get('/metrics')).body).toContain(works)
  // The watch has said nothing yet, or that it is over.
  await expect.poll(() => said().at(-1)?.msg ?? GRANTS).toBe(GRANTS)
  const before = said().length

  await emptied(url)
  await ready(
    503,
    /^budget_store_unavailable: it grants nothing for .*platform:google_ads.*: Redis does not know/,
  )
  expect(await bid()).toMatchObject({ status: 503, body: { code: 'budget_store_unavailable' } })
  await expect
    .poll(async () => (await get('/metrics')).body)
    .toMatch(/bidwarden_budget_store_refused_budgets [1-9]/)
  await expect.poll(() => said().length).toBeGreaterThan(before)
  expect(said().at(-1)).toMatchObject({
    msg: 'the budget store refuses budgets',
    detail: expect.stringContaining(LOST),
  })

  await vouch()
  await ready(200, /^ok$/)
  await expect
    .poll(async () => (await get('/v1/store')).body)
    .toEqual({
      kind: 'redis',
      reachable: true,
      refusing: [],
    })
  await expect.poll(async () => (await bid()).status).toBe(200)
  await expect.poll(() => said().at(-1)?.msg).toBe(GRANTS)
  // A fence of the start may have been told before.
  await expect
    .poll(() => receiver.events().slice(-2))
    .toMatchObject([
      { type: 'store_fenced', data: { state: 'fenced', detail: expect.stringContaining(LOST) } },
      { type: 'store_fenced', data: { state: 'granting' } },
    ])
})
