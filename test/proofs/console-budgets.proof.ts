import { describe, expect, it } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { openPage, startBrowser, untilShown } from '../support/browser.ts'
import { startHarness } from '../support/harness.ts'

const GOOGLE = '/v1/budgets/platform:google_ads'
const sliding = (max: number) => ({ limits: [{ kind: 'sliding', windowSeconds: 600, max }] })

describe('the budgets of the console', () => {
  it('put nobody’s change back: it shows at once, and is said to who was typing', async () => {
    const { url, get, send, clock } = await startHarness()
    const max = async () => (await get(GOOGLE)).body.limits[0].max
    const { page, complaints } = await openPage(await startBrowser(), url)
    await page.goto('/console/budgets/platform%3Agoogle_ads')
    const amount = page.getByLabel('At most (USD)')
    await amount.waitFor()
    await send('PUT', GOOGLE, sliding(480))
    await untilShown(clock, page.getByRole('heading', { name: /US\$480\.00/ }))
    expect(await amount.inputValue()).toBe('480')

    await amount.fill('900')
    await send('PUT', GOOGLE, sliding(300))
    await untilShown(clock, page.getByText('Somebody has changed this budget meanwhile'))
    expect(await amount.inputValue()).toBe('900')
    const raise = async () => {
      await page.getByRole('button', { name: 'Raise …' }).click()
      await page.getByRole('alertdialog').getByRole('button', { name: 'Raise the limits' }).click()
    }
    await raise()
    await page.getByText('look at it again, then change it').waitFor()
    expect(await max()).toBe(300)
    await page.getByRole('button', { name: 'Begin with the new ones' }).click()
    expect(await amount.inputValue()).toBe('300')
    await amount.fill('900')
    await raise()
    await expect.poll(max).toBe(900)

    // What only lowers is not held up by another's change.
    await amount.fill('200')
    await send('PUT', GOOGLE, sliding(850))
    await page.getByRole('button', { name: 'Lower the limits' }).click()
    await expect.poll(max).toBe(200)
    expect(complaints.filter((one) => !one.includes('409'))).toEqual([])
  })

  it('keep what is typed while a change is under way, and do not call it somebody else’s', async () => {
    const { url, get } = await startHarness()
    const max = async () => (await get(GOOGLE)).body.limits[0].max
    const { page, complaints } = await openPage(await startBrowser(), url)
    let answer = () => {}
    await page.route('**/v1/budgets/platform%3Agoogle_ads', async (route) => {
      if (route.request().method() !== 'PUT') return route.continue()
      const response = await route.fetch()
      await new Promise<void>((resolve) => (answer = resolve))
      await route.fulfill({ response })
    })
    await page.goto('/console/budgets/platform%3Agoogle_ads')
    const amount = page.getByLabel('At most (USD)')
    const lower = page.getByRole('button', { name: 'Lower the limits' })
    await amount.fill('400')
    await lower.click()
    await expect.poll(max).toBe(400)
    await amount.fill('150')
    expect(await page.getByText('Somebody has changed this budget meanwhile').count()).toBe(0)
    answer()
    await lower.click()
    await expect.poll(max).toBe(150)
    answer()
    expect(complaints).toEqual([])
  })

  it('holds by chance only after it was asked, and in full at once', async () => {
    const { url, get } = await startHarness()
    const mode = async () => (await get('/v1/budgets/global')).body.holdMode
    const { page } = await openPage(await startBrowser(), url)
    await page.goto('/console/budgets/platform%3Ameta')
    await page.getByText('Hold mode').waitFor()
    expect(await page.getByRole('button', { name: /Hold/ }).count()).toBe(0)
    await page.goto('/console/budgets/global')
    await page.getByLabel('Chance of spend passing a limit').selectOption('1 in 10,000')
    await page.getByRole('button', { name: 'Hold by chance …' }).click()
    expect(await mode()).toEqual({ is: 'strict' })
    await page.getByRole('alertdialog').getByRole('button', { name: 'Hold by chance' }).click()
    await expect.poll(mode).toEqual({ is: 'bounded', maxOverspendProbability: 1e-4 })
    await page.getByLabel('Chance of spend passing a limit').selectOption('1 in 1,000,000')
    await page.getByRole('button', { name: 'Hold more' }).click()
    await expect.poll(mode).toEqual({ is: 'bounded', maxOverspendProbability: 1e-6 })
    await page.getByRole('button', { name: 'Hold all in full' }).click()
    await expect.poll(mode).toEqual({ is: 'strict' })
  })

  it('lets who may not make keys lower what a key may spend, and not raise it', async () => {
    const API_KEYS = [
      ['ops', 'admin'],
      ['clerk', 'read+operate'],
    ]
      .map(([name, scopes]) => `${name}:${scopes}:${hashKey(`k-${name}`).toString('hex')}`)
      .join(',')
    const { url, send, get } = await startHarness({ API_KEYS })
    const ops = { authorization: 'Bearer k-ops' }
    await send('POST', '/v1/keys', { name: 'ml', scopes: ['bid'], budget: sliding(100) }, ops)
    const { page } = await openPage(await startBrowser(), url)
    await page.goto('/console/budgets/key%3Aml')
    await page.getByLabel('API key').fill('k-clerk')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByLabel('At most (USD)').fill('150')
    await page.getByText('lets an API key spend more').waitFor()
    expect(await page.getByRole('button', { name: /Raise/ }).count()).toBe(0)
    await page.getByLabel('At most (USD)').fill('50')
    await page.getByRole('button', { name: 'Lower the limits' }).click()
    await expect.poll(async () => (await get('/v1/budgets/key:ml', ops)).body.limits[0].max).toBe(50)
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('lets an API key go on').waitFor()
  })
})
