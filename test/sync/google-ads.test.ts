import { describe, expect, it } from 'vitest'
import type { AccountRef, Connector } from '../../src/connectors/platform/connector.ts'
import type { Talk } from '../../src/connectors/platform/steps.ts'
import { startPlayedReads } from '../support/played-reads.ts'

type Write = NonNullable<Connector['write']>

async function connected(account_id = '2223334444') {
  const reads = await startPlayedReads()
  const { body } = await reads.connect('GOOGLE_ADS', { account_id })
  return { reads, body, id: String(body.connector_id) }
}
const november = {
  report_type: 'campaign_performance',
  date_range: { start: '2026-10-01', end: '2026-11-20' },
  fields: ['cost_micros', 'clicks', 'conversions', 'campaign_name'],
}

describe('Google Ads through the read stack', () => {
  it('finds accounts below a manager, leaves out managers and what was cancelled', async () => {
    const { body } = await connected()
    expect(body).toMatchObject({
      status: 'connected',
      accounts: [
        { id: '1234567890', name: 'Sandbox customer' },
        { id: '2223334444', name: 'Shop in Japan' },
      ],
    })
  })

  it('reads figures through the manager, in pieces, joined from chunks', async () => {
    const { reads, id } = await connected()
    const done = await reads.fetched(id, november)
    expect(done.body).toMatchObject({ status: 'completed', result: { records_fetched: 51 * 3 } })
    const rows = await reads.rowsOf(done.body.request_id)
    expect(rows[0]).toMatchObject({
      date: '2026-10-01',
      campaign_id: '301',
      campaign_name: 'Campaign 301',
      account_id: '2223334444',
      account_currency: 'JPY',
      account_timezone: 'Asia/Tokyo',
    })
    // What is zero is left out of the answer; it is a zero all the same.
    const idle = rows.filter(({ clicks }) => clicks === 0)
    expect(idle.length).toBeGreaterThan(0)
    expect(idle.every(({ cost_micros }) => cost_micros === 0)).toBe(true)
  })

  it('counts with the bids where they are placed on the account that is read, and not where they are not', async () => {
    const left = async (reads: Awaited<ReturnType<typeof connected>>['reads']) =>
      (await reads.get('/v1/platforms')).body.platforms.find(
        ({ platform }: { platform: string }) => platform === 'google_ads',
      ).rateLimit.remaining
    const other = await connected()
    const before = await left(other.reads)
    expect((await other.reads.fetched(other.id, november)).body.status).toBe('completed')
    expect(await left(other.reads)).toBe(before)

    const same = await connected('1234567890')
    const full = await left(same.reads)
    expect((await same.reads.fetched(same.id, november)).body.status).toBe('completed')
    expect(await left(same.reads)).toBeLessThan(full)
  })

  it('reads campaigns and their ad groups', async () => {
    const { reads, id } = await connected()
    const done = await reads.fetched(id, { report_type: 'campaigns' })
    const rows = await reads.rowsOf(done.body.request_id)
    expect(rows).toHaveLength(9)
    expect(rows).toContainEqual(
      expect.objectContaining({
        level: 'campaign',
        id: '301',
        status: 'ENABLED',
        daily_budget_micros: 100_000_000,
        budget_is_shared: false,
      }),
    )
    expect(rows).toContainEqual(
      expect.objectContaining({ level: 'ad_group', id: '30302', parent_id: '303', status: 'PAUSED' }),
    )
  })

  it('says that access is lost, instead of finding nothing', async () => {
    const { reads, id } = await connected()
    const fault = { is: 'error', name: 'OAUTH_TOKEN_REVOKED' } as const
    reads.sandbox.faults.add({ platform: 'google_ads', path: ':searchStream', fault })
    const done = await reads.fetched(id, november)
    expect(done.body).toMatchObject({ status: 'failed', error: expect.stringContaining('reconnect') })
  })

  it.each([
    ['RESOURCE_TEMPORARILY_EXHAUSTED', 30_000],
    ['EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION', 1_500],
  ])('waits as long as Google says after %s, found in the array of a stream', async (name, waitMs) => {
    const { reads, id } = await connected()
    const fault = { is: 'error', name } as const
    reads.sandbox.faults.add({ platform: 'google_ads', path: ':searchStream', fault })
    const begunMs = reads.clock.nowMs()
    const done = await reads.fetched(id, november)
    expect(done.body.status).toBe('completed')
    expect(reads.clock.nowMs() - begunMs).toBeGreaterThanOrEqual(waitMs)
  })

  it('makes a paused campaign once, changes its budget, resumes and pauses it', async () => {
    const { reads, id } = await connected()
    const talk = <T>(begin: (write: Write, account: AccountRef) => Talk<T>) =>
      reads.talk(id, ({ write }, account) => {
        if (!write) throw new Error('cannot write')
        return begin(write, account)
      })
    const wanted = { name: 'Winter', dailyBudgetMicros: 20_000_000_000 }
    reads.sandbox.faults.add({ platform: 'google_ads', path: ':mutate', fault: { is: 'reset_after' } })

    expect(await talk((write, account) => write.create(account, wanted))).toMatchObject({ is: 'unknown' })
    const again = await talk((write, account) => write.create(account, wanted))
    expect(again).toMatchObject({ is: 'refused', detail: expect.stringMatching(/a campaign Winter already/) })
    const campaign = 'detail' in again ? (again.detail.split(' ').at(-1) ?? '') : ''

    const raise = { dailyBudgetMicros: 30_000_000_000 }
    const done = { is: 'done', value: { id: campaign } }
    expect(await talk((write, account) => write.update(account, campaign, raise))).toEqual(done)
    expect(await talk((write, account) => write.setStatus(account, campaign, 'active'))).toEqual(done)
    expect(await talk((write, account) => write.setStatus(account, campaign, 'paused'))).toEqual(done)

    expect(reads.sandbox.ledger.applied).toMatchObject([
      { kind: 'budget', campaignId: campaign, amount: 30_000_000_000, currency: 'JPY' },
      { kind: 'status', campaignId: campaign, status: 'ENABLED' },
      { kind: 'status', campaignId: campaign, status: 'PAUSED' },
    ])
  })
})
