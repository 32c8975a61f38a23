import type { BrowserContext, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { accessibilityFaults, openPage, scrollsSideways, startBrowser } from '../support/browser.ts'
import { startPlayedReads } from '../support/played-reads.ts'

const LIST = '/console/integrations'

/** Logs in at a platform that the sandbox plays, which sends the browser back at once; resolves once its window has ended. */
async function logIn(context: BrowserContext, page: Page, platform: string): Promise<void> {
  await page.getByLabel('Platform').selectOption({ label: platform })
  const opened = context.waitForEvent('page')
  await page.getByRole('button', { name: `Log in at ${platform}` }).click()
  await opened
  await page.getByText(`${platform} is connected`).first().waitFor()
}

describe('the integrations of the console', () => {
  it('connects an account by a login in a window, reads it, puts it on a schedule and disconnects it', async () => {
    const { url, get, settled } = await startPlayedReads()
    const { context, page, complaints } = await openPage(await startBrowser(), url)
    const connections = async () => (await get('/api/v1/connectors')).body.connectors
    await page.goto(LIST)
    await page.getByText('No account is connected yet').waitFor()
    await logIn(context, page, 'Display & Video 360')
    const [{ id, account_id }] = await connections()
    expect(account_id).toBe('77')

    await page.getByRole('button', { name: /Sync now: Display & Video 360/ }).click()
    await page.getByText('Display & Video 360 is being read').first().waitFor()
    await settled(id)
    await page.getByRole('link', { name: 'Display & Video 360' }).click()
    await page.getByText('completed').first().waitFor()

    await page.getByLabel('When (cron)').fill('every day')
    await page.getByRole('button', { name: 'Set the schedule' }).click()
    await page.getByRole('alert').getByText(/cron/).waitFor()
    await page.getByLabel('When (cron)').fill('30 5 * * *')
    await page.getByLabel('Time zone').fill('America/New_York')
    await page.getByRole('button', { name: 'Set the schedule' }).click()
    await page.getByText('is read by itself').waitFor()
    expect((await get(`/api/v1/connectors/${id}/schedule`)).body).toMatchObject({
      cron: '30 5 * * *',
      timezone: 'America/New_York',
    })

    // Ending it asks, and does nothing until it is answered.
    await page.getByRole('button', { name: 'Disconnect …' }).click()
    const asked = page.getByRole('alertdialog')
    expect((await connections())[0].status).toBe('connected')
    await asked.getByRole('button', { name: 'Disconnect' }).click()
    await page.getByText('Please reconnect your account').waitFor()
    expect((await connections())[0].status).toBe('disconnected')
    await page.getByRole('button', { name: 'Remove with its data …' }).click()
    await asked.getByRole('button', { name: 'Remove it all' }).click()
    await page.getByText('No account is connected yet').waitFor()
    expect(await connections()).toEqual([])
    // A refused cron is the one answer that a browser notes as an error.
    expect(complaints.filter((one) => !one.includes('400'))).toEqual([])
  })

  it('connects the same connection again, with another account that the login reaches', async () => {
    const { url, get, connect } = await startPlayedReads()
    const { connector_id: id } = (await connect('DV360')).body
    const { page } = await openPage(await startBrowser(), url)
    await page.goto(`${LIST}/${id}`)
    await page.getByRole('combobox', { name: 'Account' }).selectOption('78')
    await page.getByRole('button', { name: 'Log in again …' }).click()
    await page.getByText('Display & Video 360 is connected').first().waitFor()
    await page.getByText('Acme Japan (78)').first().waitFor()
    const { connectors } = (await get('/api/v1/connectors')).body
    expect(connectors).toMatchObject([{ id, account_id: '78' }])
  })

  it('connects by an API key, and says what is wrong with one that the platform does not take', async () => {
    const { url, get } = await startPlayedReads()
    const { page } = await openPage(await startBrowser(), url)
    await page.goto(LIST)
    await page.getByLabel('Platform').selectOption({ label: 'The Trade Desk' })
    const key = page.getByLabel('API key of The Trade Desk')
    await key.fill('a guess')
    await page.getByRole('button', { name: 'Connect', exact: true }).click()
    await page.getByRole('alert').getByText(/TTD/).waitFor()
    expect((await get('/api/v1/connectors')).body.connectors).toEqual([])
    await key.fill('sandbox-ttd-auth')
    await page.getByRole('button', { name: 'Connect', exact: true }).click()
    await page.getByText('The Trade Desk is connected').first().waitFor()
  })

  it('ends no login that this browser has not begun, and says what a platform has refused', async () => {
    const { url, send, get } = await startPlayedReads()
    const { page } = await openPage(await startBrowser(), url)
    const callback_url = `${url}${LIST}/callback`
    const foreign = await send('POST', '/api/v1/connectors/oauth/initiate', {
      connector_type: 'DV360',
      callback_url,
    })
    await page.goto(foreign.body.authorization_url)
    await page.getByText('This login was not begun here').waitFor()
    expect((await get('/api/v1/connectors')).body.connectors).toEqual([])

    const begun = { state: 'one', type: 'META' }
    await page.evaluate((text) => localStorage.setItem('bidwarden.login', text), JSON.stringify(begun))
    await page.goto(`${LIST}/callback?state=one&error=access_denied`)
    await page.getByText('Meta Ads has not let us in: access_denied').waitFor()
  })

  it('shows what was given up, and reads it again', async () => {
    const { url, get, send, connect, settled, sandbox } = await startPlayedReads()
    const { connector_id: id } = (await connect('GA4')).body
    const jobs = async () => (await get(`/api/v1/integrations/${id}/jobs`)).body.jobs
    sandbox.faults.add({ platform: 'ga4', times: 'always', fault: { is: 'http', status: 500 } })
    await send('POST', `/api/v1/connectors/${id}/sync`, {})
    expect((await settled(id)).status).toBe('failed')
    const { page } = await openPage(await startBrowser(), url, { width: 360 })
    await page.goto(LIST)
    await page.getByText('Data may be stale').waitFor()
    const before = (await jobs()).length
    await page.getByRole('button', { name: /^Retry Google Analytics 4/ }).click()
    await expect.poll(async () => (await jobs()).length).toBe(before + 1)
    for (const path of [LIST, `${LIST}/${id}`])
      for (const theme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme: theme })
        await page.goto(path)
        await page.getByText('Synchronisations').first().waitFor()
        expect([path, theme, await accessibilityFaults(page)]).toEqual([path, theme, []])
        expect([path, theme, await scrollsSideways(page)]).toEqual([path, theme, false])
      }
  })
})
