import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { accessibilityFaults, openPage, scrollsSideways, startBrowser } from '../support/browser.ts'
import { startHarness } from '../support/harness.ts'
import { type PlayedReads, startPlayedReads } from '../support/played-reads.ts'

interface Look {
  readonly name: string
  readonly path: string
  readonly shows: string
}

/** Every page, with something that stands on it once its data is there. */
const PAGES: readonly Look[] = [
  { name: 'overview', path: '/', shows: 'Spend over time' },
  { name: 'bids', path: '/console/bids', shows: 'budget exceeded' },
  { name: 'budgets', path: '/console/budgets', shows: 'campaign:meta:summer-sale' },
  { name: 'budget', path: '/console/budgets/platform%3Agoogle_ads', shows: 'Hold mode' },
  { name: 'platforms', path: '/console/platforms', shows: 'Median lifetime value' },
  { name: 'exchanges', path: '/console/exchanges', shows: 'New campaign' },
  { name: 'seat', path: '/console/exchanges/seats/example', shows: 'Send a test request' },
  { name: 'campaign', path: '/console/exchanges/campaigns/spring', shows: 'What it does' },
  { name: 'new-campaign', path: '/console/exchanges/new-campaign', shows: 'A banner ad' },
  { name: 'integrations', path: '/console/integrations', shows: 'Connect an account' },
  { name: 'reports', path: '/console/reports', shows: 'Ask for a report' },
  {
    name: 'reconciliation',
    path: '/console/reconciliation?start=2025-12-22&end=2025-12-28',
    shows: 'Days are those of the account',
  },
  { name: 'keys', path: '/console/settings', shows: 'nightly-model' },
  { name: 'organisations', path: '/console/settings/organisations', shows: 'org:7' },
  { name: 'service', path: '/console/settings/service', shows: 'grants money' },
  { name: 'changes', path: '/console/settings/changes', shows: 'spring plan' },
  { name: 'nowhere', path: '/console/nowhere', shows: 'There is no such page' },
]
const WIDTHS = [360, 768, 1440]
const THEMES = ['light', 'dark'] as const

/** A service with bids of every kind, a limit that a person has set and one that is nearly used up. */
async function played(): Promise<PlayedReads> {
  const harness = await startPlayedReads()
  await harness.bid({ bidAmount: 470 })
  await harness.bid({ bidAmount: 120 })
  await harness.bid({ platform: 'meta', campaignId: 'summer-sale', bidAmount: 80.5 })
  await harness.bid({ platform: 'auto', predictedLtv: undefined, bidAmount: undefined })
  await harness.send('PUT', '/v1/budgets/campaign:meta:summer-sale', {
    limits: [{ kind: 'day', timezone: 'America/New_York', max: 900 }],
    reason: 'spring plan',
  })
  await harness.send('PUT', '/v1/campaigns/spring', {
    seat: 'example',
    advertiserDomain: 'advertiser.example',
    price: { cpmPerLtv: 0.05, minCpm: 5, maxCpm: 50 },
    limits: [{ kind: 'day', timezone: 'UTC', max: 20 }],
    pacing: { mode: 'even' },
    creatives: [{ id: 'ad', type: 'banner', sizes: [{ w: 300, h: 250 }], markup: '<b>Hello</b>' }],
  })
  await harness.send('POST', '/v1/budgets/platform:tradedesk/pause', { reason: 'landing page down' })
  for (const organisation of [1, 7])
    await harness.send('POST', '/v1/keys', {
      ...{ name: 'nightly-model', scopes: ['bid', 'read', 'convert'], organisation },
      budget: { limits: [{ kind: 'sliding', windowSeconds: 3_600, max: 75 }] },
    })
  return harness
}

/** Pages of one thing each: a bid that was refused, an account, and what it reports. */
async function detailPages({ get, connect, fetched }: PlayedReads): Promise<Look[]> {
  const { connector_id: id } = (await connect('META')).body
  const report = await fetched(id, {
    report_type: 'campaign_performance',
    date_range: { start: '2025-12-22', end: '2025-12-28' },
    fields: ['impressions', 'clicks', 'spend'],
  })
  const { bidId } = (await get('/v1/bids?status=refused')).body.bids[0]
  return [
    { name: 'bid', path: `/console/bids/${bidId}`, shows: 'What led to the price' },
    { name: 'connection', path: `/console/integrations/${id}`, shows: 'Disconnect' },
    { name: 'report', path: `/console/reports/${report.body.request_id}`, shows: 'Download Parquet' },
  ]
}

async function eachLook(url: string, looks: readonly Look[], folder: string): Promise<void> {
  const browser = await startBrowser()
  for (const theme of THEMES)
    for (const width of WIDTHS) {
      const { context, page, complaints } = await openPage(browser, url, { theme, width })
      for (const { name, path, shows } of looks) {
        await page.goto(path)
        await page.getByText(shows).first().waitFor()
        await page.screenshot({ path: join(folder, `${name}-${width}-${theme}.png`), fullPage: true })
        const at = `${name} at ${width} in ${theme}`
        expect([at, await accessibilityFaults(page)]).toEqual([at, []])
        expect([at, await scrollsSideways(page)]).toEqual([at, false])
      }
      expect(complaints).toEqual([])
      await context.close()
    }
}

describe('the console in a browser', () => {
  it('has pages that everybody can use, in both themes and at every width', async () => {
    const service = await played()
    const looks = [...PAGES, ...(await detailPages(service))]
    const folder = mkdtempSync(join(tmpdir(), 'bidwarden-console-'))
    process.stdout.write(`Screenshots are in ${folder}\n`)
    await eachLook(service.url, looks, folder)
  })

  it('lowers a limit at once, and raises one only after it was asked', async () => {
    const { url, get } = await played()
    const { page, complaints } = await openPage(await startBrowser(), url)
    const limit = async () => (await get('/v1/budgets/platform:google_ads')).body.limits[0].max
    await page.goto('/console/budgets/platform%3Agoogle_ads')
    await page.getByLabel('At most (USD)').fill('480')
    await page.getByRole('region', { name: 'Limits' }).getByLabel('Reason').fill('less for now')
    await page.getByRole('button', { name: 'Lower the limits' }).click()
    await page.getByText('platform:google_ads is changed').first().waitFor()
    expect(await limit()).toBe(480)

    await page.getByLabel('At most (USD)').fill('900')
    await page.getByRole('button', { name: 'Raise …' }).click()
    const asked = page.getByRole('alertdialog')
    await asked.getByText('US$480.00 → US$900.00').waitFor()
    expect(await limit()).toBe(480)
    await asked.getByRole('button', { name: 'Raise the limits' }).click()
    await expect.poll(limit).toBe(900)
    await page.getByText('less for now').waitFor()
    expect(complaints).toEqual([])
  })

  it('pauses a budget at once, and asks before it takes bids again', async () => {
    const { url, get } = await played()
    const { page } = await openPage(await startBrowser(), url)
    const isPaused = async () => (await get('/v1/budgets/platform:meta')).body.paused
    await page.goto('/console/budgets/platform%3Ameta')
    await page.getByRole('button', { name: 'Pause' }).click()
    await expect.poll(isPaused).toBe(true)
    await page.getByRole('button', { name: 'Resume …' }).click()
    expect(await isPaused()).toBe(true)
    await page.getByRole('alertdialog').getByRole('button', { name: 'Resume' }).click()
    await expect.poll(isPaused).toBe(false)
  })

  it('finds a bid by its status and shows all that led to it, and decides one without placing it', async () => {
    const { url, get } = await played()
    const { page } = await openPage(await startBrowser(), url)
    await page.goto('/console/bids')
    await page.getByLabel('Status').selectOption('refused')
    await page.getByRole('row').filter({ hasText: 'US$120.00' }).getByRole('link').click()
    await page.getByRole('heading', { name: 'What led to the price' }).waitFor()
    await page.getByText('US$120.00').first().waitFor()

    await page.goto('/console/bids')
    const before = (await get('/v1/budgets/platform:meta')).body.limits[0].spent
    await page.getByText('Try a bid').click()
    await page.getByRole('group').getByLabel('Platform').selectOption('meta')
    await page.getByLabel('Amount (or let it decide)').fill('12.5')
    await page.getByRole('button', { name: 'Decide' }).click()
    await page.getByText('It would bid US$12.50 on meta').waitFor()
    expect((await get('/v1/budgets/platform:meta')).body.limits[0].spent).toBe(before)
  })

  it('lets nobody in without a key, offers what the key may do and nothing else, and forgets it all when they go', async () => {
    const entry = (name: string, scopes: string) =>
      `${name}:${scopes}:${hashKey(`${name}-key`).toString('hex')}`
    const API_KEYS = [entry('viewer', 'read'), entry('seven@7', 'read+operate')].join(',')
    const { url } = await startHarness({ API_KEYS })
    const { page } = await openPage(await startBrowser(), url)
    const signIn = async (key: string) => {
      await page.getByLabel('API key').fill(key)
      await page.getByRole('button', { name: 'Sign in' }).click()
    }
    await page.goto('/console/budgets/platform%3Ameta')
    await signIn('a guess')
    await page.getByText('The API key is not known').waitFor()
    for (const theme of THEMES) {
      await page.emulateMedia({ colorScheme: theme })
      expect(await accessibilityFaults(page)).toEqual([])
    }
    await signIn('viewer-key')
    await page.getByText('Hold mode').waitFor()
    expect(await page.getByRole('button', { name: /Stop|Pause|Add a limit/ }).count()).toBe(0)
    await page.goto('/')
    await page.getByText('Needs attention').waitFor()
    expect(await page.getByRole('button', { name: /Stop/ }).count()).toBe(0)
    await page.getByRole('button', { name: 'Sign out viewer' }).click()
    await page.getByLabel('API key').waitFor()
    expect(await page.getByText('platform:meta').count()).toBe(0)

    // An organisation neither sees nor stops what the others have.
    await signIn('seven@7-key')
    await page.getByText('Needs attention').waitFor()
    expect(await page.getByRole('button', { name: /Stop/ }).count()).toBe(0)
    expect(await page.getByText('platform:meta').count()).toBe(0)
  })
})
