import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { accessibilityFaults, openPage, scrollsSideways, startBrowser } from '../support/browser.ts'
import { startHarness } from '../support/harness.ts'

const KEYS = [
  ['ml', 'bid+read'],
  ['ann', 'operate+read'],
  ['bob', 'operate+read'],
  ['viewer', 'read'],
]
const as = (name: string) => ({ authorization: `Bearer k-${name}` })

/** A service where a bid and a higher limit wait, asked for by two keys. */
async function waiting() {
  const harness = await startHarness({
    API_KEYS: KEYS.map(
      ([name, scopes]) => `${name}:${scopes}:${hashKey(`k-${name}`).toString('hex')}`,
    ).join(),
    APPROVALS: JSON.stringify({ global: { mode: 'enforce', bidAbove: 150, limitAbove: 1_000 } }),
    GOOGLE_ADS_BUDGET: '1000',
  })
  await harness.bid({ bidAmount: 200 }, as('ml'))
  await harness.send(
    'PUT',
    '/v1/budgets/platform:meta',
    { limits: [{ kind: 'sliding', windowSeconds: 600, max: 2_500 }], reason: 'the sale begins' },
    as('ann'),
  )
  return harness
}

async function signIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('API key').fill(`k-${name}`)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Approvals' }).waitFor()
}

describe('the approvals of the console', () => {
  it('say what is asked for and by whom, and let another key decide it', async () => {
    const { url, get } = await waiting()
    const { page } = await openPage(await startBrowser(), url)
    await page.goto('/')
    await signIn(page, 'bob')
    const ask = (scope: string) =>
      page.getByRole('region', { name: 'Approvals' }).getByRole('listitem').filter({ hasText: scope })
    await ask('platform:meta').getByText('2500 / 600 s').waitFor()
    await ask('platform:meta').getByText('“the sale begins”').waitFor()
    await ask('campaign:google_ads:c1').getByText('bid amount: 200').waitFor()
    for (const width of [360, 768, 1440])
      for (const theme of ['light', 'dark'] as const) {
        await page.setViewportSize({ width, height: 900 })
        await page.emulateMedia({ colorScheme: theme })
        expect([width, theme, await accessibilityFaults(page)]).toEqual([width, theme, []])
        expect([width, theme, await scrollsSideways(page)]).toEqual([width, theme, false])
      }

    await ask('platform:meta').getByRole('button', { name: 'Approve …' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Approve' }).click()
    await expect
      .poll(async () => (await get('/v1/budgets/platform:meta', as('bob'))).body.limits[0].max)
      .toBe(2_500)
    await ask('campaign:google_ads:c1').getByRole('button', { name: 'Refuse' }).click()
    await page.getByRole('heading', { name: 'Approvals' }).waitFor({ state: 'detached' })
    const { approvals } = (await get('/v1/approvals', as('bob'))).body
    const ends = approvals.map(({ kind, status, decidedBy }: Record<string, string>) => [
      kind,
      status,
      decidedBy,
    ])
    expect(new Set(ends)).toEqual(
      new Set([
        ['bid', 'refused', 'bob'],
        ['limits', 'applied', 'bob'],
      ]),
    )
  })

  it('offer no decision to the key that has asked, nor to one that may only read', async () => {
    const { url } = await waiting()
    const { page } = await openPage(await startBrowser(), url)
    await page.goto('/')
    await signIn(page, 'ann')
    await page.getByText('Your key has asked for it: another one decides.').waitFor()
    expect(await page.getByRole('button', { name: 'Approve …' }).count()).toBe(1)
    await page.getByRole('button', { name: 'Sign out ann' }).click()
    await signIn(page, 'viewer')
    expect(await page.getByRole('button', { name: /Approve|Refuse/ }).count()).toBe(0)
  })
})
