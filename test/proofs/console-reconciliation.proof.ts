import { describe, expect, it } from 'vitest'
import { accessibilityFaults, openPage, scrollsSideways, startBrowser } from '../support/browser.ts'
import { startPlayedReads } from '../support/played-reads.ts'

const DAY_MS = 86_400_000
const DAYS = { start: '2026-11-19', end: '2026-11-20' }
/** What is bid on the second of the days; the sandbox reports 4.92, 7.38 and 7.38. */
const BIDS = { c1: 4.92, c2: 5, c4: 2 }

describe('the reconciliation of the console', () => {
  it('puts what is reported beside what was bid, with the reason of each difference', async () => {
    const reads = await startPlayedReads()
    for (const [campaignId, bidAmount] of Object.entries(BIDS)) await reads.bid({ campaignId, bidAmount })
    const { connector_id: id } = (await reads.connect('GOOGLE_ADS', { account_id: '1234567890' })).body
    const { page, complaints } = await openPage(await startBrowser(), reads.url)
    await page.goto(`/console/reconciliation?account=${id}&start=${DAYS.start}&end=${DAYS.end}`)
    await page.getByText('What it reports was never read').waitFor()
    await page.getByText('Read the account first').waitFor()

    reads.clock.stall(4 * DAY_MS)
    await reads.fetched(id, {
      report_type: 'campaign_performance',
      date_range: DAYS,
      fields: ['cost_micros'],
    })
    await page.reload()
    const totals = page.getByRole('region', { name: 'Campaigns that were bid on' })
    await totals.getByText('US$11.92').waitFor()
    const reasons = page.getByRole('region', { name: 'Why they differ' })
    const difference = (reason: string) =>
      reasons.getByRole('row').filter({ hasText: reason }).getByRole('cell').last().textContent()
    expect(await difference('agree')).toBe('US$0.00')
    expect(await difference('over-delivered')).toBe('+US$2.38')
    expect(await difference('not explained')).toBe('+US$5.38')

    const lines = page.getByRole('region', { name: 'By campaign and day' })
    await lines.getByRole('row').filter({ hasText: '2026-11-20' }).first().waitFor()
    await lines.getByRole('combobox', { name: 'Reason' }).selectOption('not explained')
    await expect.poll(() => lines.getByRole('row').count()).toBe(2)
    await lines.getByRole('row').filter({ hasText: 'c4' }).getByText('US$7.38').waitFor()
    for (const theme of ['light', 'dark'] as const)
      for (const width of [360, 768, 1440]) {
        await page.emulateMedia({ colorScheme: theme })
        await page.setViewportSize({ width, height: 900 })
        expect([theme, width, await accessibilityFaults(page)]).toEqual([theme, width, []])
        expect([theme, width, await scrollsSideways(page)]).toEqual([theme, width, false])
      }
    expect(complaints).toEqual([])
  })

  it('says that data may be stale where the account is away, and what cannot be compared', async () => {
    const { url, connect, send } = await startPlayedReads()
    const { connector_id: id } = (await connect('DV360')).body
    const { page } = await openPage(await startBrowser(), url, { width: 360 })
    await page.goto(`/console/reconciliation?start=${DAYS.start}&end=${DAYS.end}`)
    await page.getByText('The account is kept in EUR, its budget in USD').waitFor()
    await page.getByText('have to be in one currency').waitFor()
    await send('DELETE', `/api/v1/integrations/${id}`)
    await page.getByText('Data may be stale').waitFor()
    await page.getByRole('link', { name: 'Please reconnect your account' }).click()
    await page.getByRole('heading', { level: 1, name: 'Display & Video 360' }).waitFor()
  })
})
