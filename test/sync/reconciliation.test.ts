import { expect, it } from 'vitest'
import { forgetGroup } from '../../src/sync/reports/index.ts'
import { startPlayedReads } from '../support/played-reads.ts'

const DAY_MS = 86_400_000
const DAYS = { start: '2026-11-19', end: '2026-11-20' }
/** What the sandbox reports for the day of the bids, and what is bid. */
const CAMPAIGNS = {
  c1: { reported: 4.92, bid: 4.92, reason: 'none' },
  c2: { reported: 7.38, bid: 5, reason: 'over_delivery' },
  c3: { reported: 1.23, bid: 5, reason: 'under_delivery' },
  c4: { reported: 7.38, bid: 2, reason: 'unknown' },
}

it('reported spend is put beside our own, campaign by campaign and day by day, with the reason of each difference', async () => {
  const reads = await startPlayedReads()
  for (const [campaignId, { bid }] of Object.entries(CAMPAIGNS))
    expect((await reads.bid({ campaignId, bidAmount: bid })).status).toBe(200)
  const { body } = await reads.connect('GOOGLE_ADS', { account_id: '1234567890' })
  const id = String(body.connector_id)
  const fetched = () =>
    reads.fetched(id, { report_type: 'campaign_performance', date_range: DAYS, fields: ['cost_micros'] })
  const compared = async () => {
    const { body } = await reads.get(
      `/api/v1/connectors/${id}/reconciliation?start=${DAYS.start}&end=${DAYS.end}`,
    )
    expect(body).toMatchObject({ connector_id: id, account_id: '1234567890', currency: 'USD' })
    return body.days
  }

  await fetched()
  const early = await compared()
  expect(early).toHaveLength(8)
  for (const { reason, difference } of early) expect(reason).toBe(difference === 0 ? 'none' : 'late_data')

  reads.clock.stall(4 * DAY_MS)
  await fetched()
  const days = await compared()
  for (const [campaign_id, { reported, bid, reason }] of Object.entries(CAMPAIGNS)) {
    const difference = expect.closeTo(reported - bid, 6)
    expect(days).toContainEqual({
      date: '2026-11-20',
      campaign_id,
      reported,
      own: bid,
      budget: null,
      difference,
      reason,
    })
    expect(days).toContainEqual(
      expect.objectContaining({ date: '2026-11-19', campaign_id, own: 0, reason: 'changed_outside' }),
    )
  }

  reads.clock.stall(900_000)
  const unexplained =
    /bidwarden_spend_difference\{connector="GOOGLE_ADS",account="1234567890",currency="USD",reason="unknown"\} (.*)/
  await expect
    .poll(async () => Number(unexplained.exec((await reads.get('/metrics')).body)?.[1]))
    .toBeCloseTo(5.38, 6)

  // A day whose rows were deleted to make room is not known any more: it did not cost nothing.
  const store = reads.service.reads?.store
  if (!store) throw new Error('reads are off')
  const reportType = 'campaign_performance'
  for (const date of [DAYS.start, DAYS.end])
    await forgetGroup(store, reads.clock, { connectorId: id, reportType, date })
  expect(await compared()).toEqual([])
  reads.clock.stall(1_000)
  await reads.fetched(id, { report_type: reportType, date_range: DAYS, fields: ['cost_micros'] })
  await forgetGroup(store, reads.clock, { connectorId: id, reportType, date: DAYS.end })
  expect(await compared()).toContainEqual(
    expect.objectContaining({ date: DAYS.end, campaign_id: 'c1', own: 4.92, reported: null }),
  )

  // An account that nobody is connected to any more is shown no longer.
  expect((await reads.send('DELETE', `/api/v1/connectors/${id}`)).status).toBe(200)
  reads.clock.stall(900_000)
  await expect
    .poll(async () => (await reads.get('/metrics')).body)
    .not.toMatch(/^bidwarden_(spend_difference|reported_spend)\{/m)
})

/** A connection whose spend is read and compared four days later, when the days are settled. */
async function settled(type: string, account_id?: string) {
  const reads = await startPlayedReads()
  const { body } = await reads.connect(type, account_id === undefined ? {} : { account_id })
  const id = String(body.connector_id)
  return {
    reads,
    setBudget: (campaignId: string, daily_budget: number) =>
      reads.send('PATCH', `/api/v1/connectors/${id}/campaigns/${campaignId}`, { daily_budget }),
    async compared() {
      reads.clock.stall(4 * DAY_MS)
      await reads.fetched(id, {
        report_type: 'campaign_performance',
        date_range: DAYS,
        fields: ['cost_micros'],
      })
      const path = `/api/v1/connectors/${id}/reconciliation?start=${DAYS.start}&end=${DAYS.end}`
      const { body } = await reads.get(path)
      return new Map<string, { reported: number }>(
        body.days.map((day: { date: string; campaign_id: string }) => [
          `${day.date} ${day.campaign_id}`,
          day,
        ]),
      )
    },
  }
}

it('says of a day that the platform has no figure for that it is not known', async () => {
  const reads = await startPlayedReads()
  expect((await reads.bid({ campaignId: 'c1', bidAmount: 4 })).status).toBe(200)
  const { body } = await reads.connect('GOOGLE_ADS', { account_id: '1234567890' })
  const id = String(body.connector_id)
  reads.clock.stall(4 * DAY_MS)
  await reads.fetched(id, {
    report_type: 'campaign_performance',
    date_range: DAYS,
    fields: ['clicks'],
  })
  const path = `/api/v1/connectors/${id}/reconciliation?start=${DAYS.start}&end=${DAYS.end}`
  const compared = (await reads.get(path)).body
  expect(compared.days).toContainEqual(
    expect.objectContaining({
      campaign_id: 'c1',
      reported: null,
      own: 4,
      difference: null,
      reason: 'not_reported',
    }),
  )
  expect(compared.caveats).toEqual([expect.stringContaining("the platform's spend is not known")])
  const unread = await reads.get(`/api/v1/connectors/${id}/reconciliation?start=2026-11-17&end=2026-11-20`)
  for (const { date, reported, reason } of unread.body.days)
    if (date < DAYS.start) expect([reported, reason]).toEqual([null, 'late_data'])
})

it('on Meta a day may cost three quarters more than was bid', async () => {
  const { reads, compared } = await settled('META')
  const bids = { '23850002-cbo': 7, '23850001': 4 }
  for (const [campaignId, bidAmount] of Object.entries(bids))
    expect(await reads.bid({ platform: 'meta', campaignId, bidAmount })).toMatchObject({ status: 200 })
  const days = await compared()
  expect(days.get('2026-11-20 23850002-cbo')).toMatchObject({
    reported: 11.08,
    own: 7,
    reason: 'over_delivery',
  })
  expect(days.get('2026-11-20 23850001')).toMatchObject({ reported: 7.77, own: 4, reason: 'unknown' })
  expect(days.get('2026-11-20 23850003')).toMatchObject({ own: 0, reason: 'not_ours' })
})

it('on Display & Video 360 spend is held against the daily budgets that were given from here', async () => {
  const { setBudget, compared } = await settled('DV360', '79')
  expect((await setBudget('7901', 8)).status).toBe(200)
  const days = await compared()
  const [reported, difference] = [7.864197, 7.864197]
  expect(days.get('2026-11-20 7901')).toMatchObject({
    reported,
    own: 0,
    budget: 8,
    difference,
    reason: 'within_budget',
  })
  expect(days.get('2026-11-19 7901')).toMatchObject({ reported: 0, budget: null, reason: 'none' })
  expect(days.get('2026-11-20 7902')).toMatchObject({ budget: null, reason: 'not_ours' })
})

it('a raise with an unknown outcome counts, and a lower budget only from the next day', async () => {
  const { reads, setBudget, compared } = await settled('DV360', '79')
  reads.sandbox.faults.add({ platform: 'dv360', method: 'PATCH', fault: { is: 'reset_after' } })
  expect((await setBudget('7901', 108)).status).toBe(504)
  expect((await setBudget('7901', 2)).status).toBe(200)
  expect((await compared()).get('2026-11-20 7901')).toMatchObject({ budget: 108, reason: 'within_budget' })
})

it('says that there is nothing to compare for a platform without bids or without spend', async () => {
  const reads = await startPlayedReads()
  const { body } = await reads.connect('GA4')
  const path = `/api/v1/connectors/${body.connector_id}/reconciliation`
  expect((await reads.get(`${path}?start=2026-11-19&end=2026-11-20`)).body).toMatchObject({
    code: 'invalid_request',
    detail: 'GA4 reports no spend',
  })
  const ads = (await reads.connect('GOOGLE_ADS', { account_id: '2223334444' })).body.connector_id
  const yen = await reads.get(`/api/v1/connectors/${ads}/reconciliation?start=2026-11-19&end=2026-11-20`)
  expect(yen).toMatchObject({ status: 422, body: { code: 'currency_mismatch' } })
  const reversed = await reads.get(`/api/v1/connectors/${ads}/reconciliation?start=2026-11-20&end=2026-11-19`)
  expect(reversed).toMatchObject({ status: 400, body: { field: 'date_range.end' } })
})
