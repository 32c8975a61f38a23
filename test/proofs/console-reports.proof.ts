import { readFile } from 'node:fs/promises'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { accessibilityFaults, openPage, scrollsSideways, startBrowser } from '../support/browser.ts'
import { startPlayedReads } from '../support/played-reads.ts'
import { slowness } from '../support/slowness.ts'

/** Processor time of the page for each step of scrolling, in milliseconds: what a frame has. */
const STEP_MS = 16
const STEPS = 60

/** Where the browser has put the file. */
async function downloaded(page: Page, format: string): Promise<string> {
  const begun = page.waitForEvent('download')
  await page.getByRole('link', { name: `Download ${format}` }).click()
  return (await begun).path()
}

/** What the page's own thread works from now on, in milliseconds; time in which others have the processor is none of it. */
async function processorTimeOf(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const workedMs = async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    return 1_000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN)
  }
  const before = await workedMs()
  return async () => (await workedMs()) - before
}

const requestIn = (page: Page): string => new URL(page.url()).pathname.split('/').at(-1) ?? ''

describe('the reports of the console', () => {
  it('asks for a report with some of its fields, shows its progress, its rows and a chart, and downloads them', async () => {
    const { url, connect, ended, rowsOf, sandbox } = await startPlayedReads()
    await connect('META')
    sandbox.faults.add({ platform: 'meta', fault: { is: 'hold' } })
    const { page, complaints } = await openPage(await startBrowser(), url)
    await page.goto('/console/reports')
    await page.getByRole('combobox', { name: /^Report/ }).selectOption('campaign_performance')
    await page.getByLabel('From').fill('2025-12-22')
    await page.getByLabel('Through').fill('2025-12-28')
    await page.getByRole('checkbox', { name: /^reach/ }).uncheck()
    await page.getByRole('button', { name: 'Ask for it' }).click()
    await page.getByRole('progressbar').waitFor()
    const id = requestIn(page)
    sandbox.faults.release()
    await ended(id)
    await page.getByRole('heading', { name: 'Rows' }).waitFor()

    const rows = await rowsOf(id)
    expect(rows.length).toBeGreaterThan(1)
    const table = page.getByRole('table', { name: 'Rows of the report' })
    expect(await table.getAttribute('aria-rowcount')).toBe(String(rows.length + 1))
    expect(await table.getByRole('columnheader', { name: 'reach' }).count()).toBe(0)
    await page.getByRole('img', { name: /impressions a day/ }).waitFor()

    const [, ...lines] = (await readFile(await downloaded(page, 'CSV'), 'utf8')).trim().split('\n')
    expect(lines).toHaveLength(rows.length)
    expect(JSON.parse(await readFile(await downloaded(page, 'JSON'), 'utf8')).rows).toEqual(rows)
    const file = await asyncBufferFromFile(await downloaded(page, 'Parquet'))
    expect(await parquetReadObjects({ file })).toHaveLength(rows.length)

    for (const width of [360, 1440])
      for (const theme of ['light', 'dark'] as const) {
        await page.setViewportSize({ width, height: 900 })
        await page.emulateMedia({ colorScheme: theme })
        expect([width, theme, await accessibilityFaults(page)]).toEqual([width, theme, []])
        expect([width, theme, await scrollsSideways(page)]).toEqual([width, theme, false])
      }
    expect(complaints).toEqual([])
  })

  it('scrolls through 10,000 rows from end to end with few of them in the page, and by keys', async () => {
    const { url, connect, fetched } = await startPlayedReads()
    const { connector_id: id } = (await connect('META')).body
    const asked = await fetched(id, {
      report_type: 'campaign_performance',
      date_range: { start: '2025-12-22', end: '2025-12-28' },
      fields: ['impressions', 'clicks', 'spend'],
    })
    expect(asked.body).toMatchObject({ status: 'completed' })
    const { page, complaints } = await openPage(await startBrowser(), url)
    await page.route('**/data?format=json', async (route) => {
      const { rows, ...rest } = await (await route.fetch()).json()
      const many = Array.from({ length: 10_000 }, (_, i) => ({ ...rows[0], campaign_id: `c${i}` }))
      await route.fulfill({ json: { ...rest, rows: many } })
    })
    await page.goto(`/console/reports/${asked.body.request_id}`)
    const table = page.getByRole('table', { name: 'Rows of the report' })
    await table.getByText('c0', { exact: true }).waitFor()
    await page.getByRole('img', { name: /impressions a day/ }).waitFor()
    const rows = page.getByRole('region', { name: 'Rows of the report' })
    await rows.hover()
    const spentMs = await processorTimeOf(page)
    for (let step = 1; step <= STEPS; step++) {
      await page.mouse.wheel(0, 700)
      await page.evaluate('new Promise((drawn) => requestAnimationFrame(drawn))')
    }
    const stepMs = (await spentMs()) / STEPS
    process.stdout.write(
      `A step of scrolling through 10,000 rows took ${stepMs.toFixed(1)} ms of processor time\n`,
    )
    expect(stepMs).toBeLessThanOrEqual(STEP_MS * slowness())
    expect(await table.getByRole('row').count()).toBeLessThan(60)
    await rows.focus()
    await page.keyboard.press('End')
    await table.getByText('c9999', { exact: true }).waitFor()
    await page.keyboard.press('Home')
    await table.getByText('c0', { exact: true }).waitFor()
    expect(complaints).toEqual([])
  })

  it('stops a request that waits, asks for it again, and says what was wrong with one', async () => {
    const { url, get, connect, sandbox } = await startPlayedReads()
    await connect('META')
    sandbox.faults.add({ platform: 'meta', times: 'always', fault: { is: 'hold' } })
    const { page } = await openPage(await startBrowser(), url)
    const statusOf = async (id: string) => (await get(`/api/v1/connectors/requests/${id}`)).body.status
    await page.goto('/console/reports')
    await page.getByLabel('From').fill('2015-01-01')
    await page.getByRole('button', { name: 'Ask for it' }).click()
    await page
      .getByRole('alert')
      .getByText(/date_range/)
      .waitFor()

    await page.getByLabel('From').fill('2025-12-22')
    await page.getByLabel('Through').fill('2025-12-28')
    await page.getByRole('button', { name: 'Ask for it' }).click()
    await page.getByRole('button', { name: 'Stop it' }).click()
    await page.getByText('It was stopped before it had ended').waitFor()
    const id = requestIn(page)
    expect(await statusOf(id)).toBe('cancelled')
    await page.getByRole('button', { name: 'Try again' }).click()
    await expect.poll(() => requestIn(page)).not.toBe(id)
    await page.getByRole('progressbar').waitFor()
    sandbox.faults.clear()
    sandbox.faults.release()
  })
})
