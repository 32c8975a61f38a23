import { expect, it } from 'vitest'
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
})

it('says of a platform that nothing is bid on, or that has no spend, that there is nothing to compare', async () => {
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
