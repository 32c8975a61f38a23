import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { accessibilityFaults, openPage, startBrowser } from '../support/browser.ts'
import { startHarness } from '../support/harness.ts'

const entry = (name: string, scopes: string) => `${name}:${scopes}:${hashKey(`${name}-key`).toString('hex')}`
const API_KEYS = [
  entry('ops', 'admin'),
  entry('viewer', 'read'),
  entry('bidder', 'bid'),
  entry('seven@7', 'admin'),
].join(',')
const as = (key: string) => ({ authorization: `Bearer ${key}` })
const OPS = as('ops-key')

async function signedIn(page: Page, path: string, key: string): Promise<void> {
  await page.goto(path)
  await page.getByLabel('API key').fill(key)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor()
}

const tabsOf = (page: Page) =>
  page.getByRole('navigation', { name: 'Settings' }).getByRole('link').allTextContents()

describe('the settings of the console', () => {
  it('make a key that is shown once, with a budget, change its time and revoke it', async () => {
    const { url, get, bid } = await startHarness({ API_KEYS })
    const { page, context, complaints } = await openPage(await startBrowser(), url)
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await signedIn(page, '/console/settings', 'ops-key')
    await page.getByLabel(/^Name/).fill('ml')
    await page.getByRole('checkbox', { name: /^bid/ }).check()
    await page.getByRole('checkbox', { name: /budget of its own/ }).check()
    await page.getByText('A limit needs an amount').waitFor()
    await page.getByLabel('At most (USD)').fill('20')
    await page.getByLabel('Reason').fill('a new model')
    await page.getByRole('button', { name: 'Make the key' }).click()
    const shown = page.getByRole('alertdialog')
    const key = await shown.getByLabel('API key').inputValue()
    expect(key).toMatch(/^bw_/)
    expect(await accessibilityFaults(page)).toEqual([])
    await page.keyboard.press('Escape')
    await shown.getByRole('button', { name: 'Copy' }).click()
    await shown.getByText('Copied').waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(key)
    await shown.getByRole('button', { name: 'I have kept it' }).click()
    await shown.waitFor({ state: 'detached' })
    const row = page.getByRole('row', { name: /^ml / })
    await row.getByText('bid, read').waitFor()
    expect(await page.content()).not.toContain(key)
    expect((await bid({ bidAmount: 21 }, as(key))).body).toMatchObject({ scope: 'key:ml' })
    expect((await get('/v1/keys', OPS)).body.keys.at(-1).expiresAt).toBeDefined()

    await row.getByRole('button', { name: /^Expiry/ }).click()
    await shown.getByLabel('Expires').selectOption('never')
    await shown.getByRole('button', { name: 'Set the time' }).click()
    await row.getByText('never').waitFor()

    await row.getByRole('button', { name: /^Revoke/ }).click()
    expect((await bid({ bidAmount: 1 }, as(key))).status).toBe(200)
    await shown.getByRole('button', { name: 'Revoke the key' }).click()
    await row.waitFor({ state: 'detached' })
    expect((await bid({ bidAmount: 1 }, as(key))).status).toBe(401)
    await page.getByLabel('with 1 revoked').check()
    await row.getByText(/^revoked$/).waitFor()
    expect(await row.getByRole('button').count()).toBe(0)
    expect(complaints.filter((one) => !one.includes('401'))).toEqual([])
  })

  it('offer what a key may do, and nothing else', async () => {
    const { url, get } = await startHarness({ API_KEYS })
    const browser = await startBrowser()
    const looks = async (key: string) => {
      const { page } = await openPage(browser, url, { width: 360 })
      await signedIn(page, '/console/settings', key)
      return page
    }
    expect(await tabsOf(await looks('ops-key'))).toEqual(['API keys', 'Organisations', 'Service', 'Changes'])
    const viewer = await looks('viewer-key')
    await viewer.getByText('grants money').waitFor()
    expect(await tabsOf(viewer)).toEqual(['Service', 'Changes'])
    const bidder = await looks('bidder-key')
    await bidder.getByText('This key sees no settings').waitFor()
    expect(await accessibilityFaults(bidder)).toEqual([])

    // An organisation's admins make keys of their own, and see no store.
    const seven = await looks('seven@7-key')
    expect(await tabsOf(seven)).toEqual(['API keys', 'Service', 'Changes'])
    expect(await seven.getByLabel(/^Organisation/).count()).toBe(0)
    expect(await seven.getByText('ops', { exact: true }).count()).toBe(0)
    await seven.getByLabel(/^Name/).fill('own')
    await seven.getByRole('button', { name: 'Make the key' }).click()
    await seven.getByRole('button', { name: 'I have kept it' }).click()
    expect((await get('/v1/keys', OPS)).body.keys.at(-1)).toMatchObject({ name: 'own@7', organisation: 7 })
    await seven.goto('/console/settings/service')
    await seven.getByRole('heading', { name: 'What runs' }).waitFor()
    expect(await seven.getByText('Store of budgets').count()).toBe(0)
    await seven.goto('/console/settings/organisations')
    await seven.getByText('this key does not see it').waitFor()
  })

  it('list who has changed what, a page after the other, and find it', async () => {
    const { url, send } = await startHarness()
    for (let max = 100; max < 160; max++)
      await send('PUT', '/v1/budgets/platform:meta', {
        limits: [{ kind: 'sliding', windowSeconds: 600, max }],
        reason: `step ${max}`,
      })
    await send('POST', '/v1/budgets/global/pause', { reason: 'prices look wrong' })
    const { page, complaints } = await openPage(await startBrowser(), url)
    await page.goto('/console/settings/changes')
    const changes = page.getByRole('region', { name: 'Changes' }).getByRole('listitem')
    await expect.poll(() => changes.count()).toBe(50)
    await page.getByRole('button', { name: 'Earlier changes' }).click()
    await page.getByText('“step 100”').waitFor()
    expect(await changes.count()).toBe(61)
    await changes.filter({ hasText: 'step 101' }).getByText('100 / 600 s → 101 / 600 s').waitFor()

    await page.getByLabel('What').selectOption('budget paused')
    await page.getByRole('button', { name: 'Find' }).click()
    await expect.poll(() => changes.count()).toBe(1)
    await changes.getByText('prices look wrong').waitFor()
    await page.reload()
    await expect.poll(() => changes.count()).toBe(1)
    await page.getByLabel('Of', { exact: true }).fill('platform:tradedesk')
    await page.getByRole('button', { name: 'Find' }).click()
    await page.getByText('No change fits this').waitFor()
    await page.getByRole('button', { name: 'Show all' }).click()
    await expect.poll(() => changes.count()).toBe(50)
    expect(complaints).toEqual([])
  })
})
