import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { accessibilityFaults, openPage, scrollsSideways, startBrowser } from '../support/browser.ts'
import { refusal } from '../support/conversion-receiver.ts'
import { type Conversions, event, startConversions } from '../support/conversions.ts'

const LIST = '/console/conversions'

/** A service at whose Meta some events were given up and others have arrived. */
async function played(environment: Record<string, string> = {}): Promise<Conversions> {
  const conversions = await startConversions(environment)
  const { meta, post, ended } = conversions
  meta.rule = ({ body }) =>
    body.data.some(({ event_id }) => String(event_id).startsWith('bad')) ? refusal(100) : undefined
  await post([{ event_id: 'good-1' }, { event_id: 'bad-1' }, { event_id: 'bad-2' }])
  for (const id of ['good-1', 'bad-1', 'bad-2']) await ended(id)
  meta.rule = () => undefined
  return conversions
}

const letter = (page: Page, id: string) => page.getByRole('checkbox', { name: new RegExp(` ${id} at Meta`) })

describe('the conversions of the console', () => {
  it('shows how delivery does at each platform, and can be used by everybody in both themes', async () => {
    const { url } = await played()
    const browser = await startBrowser()
    for (const theme of ['light', 'dark'] as const)
      for (const width of [360, 768, 1440]) {
        const { context, page, complaints } = await openPage(browser, url, { theme, width })
        for (const [path, shows] of [
          [LIST, 'code 100'],
          [`${LIST}/events/bad-1`, 'Match quality'],
        ] as const) {
          await page.goto(path)
          await page.getByText(shows).first().waitFor()
          const at = `${path} at ${width} in ${theme}`
          expect([at, await accessibilityFaults(page)]).toEqual([at, []])
          expect([at, await scrollsSideways(page)]).toEqual([at, false])
        }
        expect(complaints).toEqual([])
        await context.close()
      }
  })

  it('replays what was chosen after it has said what would be refused, and then all', async () => {
    const { url, get, statesOf, until } = await played()
    const { page } = await openPage(await startBrowser(), url)
    await page.goto(LIST)
    await letter(page, 'bad-1').check()
    await page.getByRole('button', { name: 'Replay 1 selected …' }).click()
    const asked = page.getByRole('alertdialog')
    await asked.getByText('Send 1 again?').waitFor()
    await asked.getByRole('button', { name: 'Cancel' }).click()
    expect(await statesOf('bad-1')).toEqual({ meta: 'dead' })

    await page.getByRole('button', { name: 'Replay 1 selected …' }).click()
    await asked.getByLabel('Reason').fill('the pixel is mended')
    await asked.getByRole('button', { name: 'Send them again' }).click()
    await page.getByText('1 are sent again').first().waitFor()
    await until(
      '/api/v1/conversions/events/bad-1',
      ({ events }) => events[0].deliveries[0].state === 'acknowledged',
    )
    expect(await statesOf('bad-2')).toEqual({ meta: 'dead' })
    const { entries } = (await get('/v1/audit')).body
    expect(entries).toEqual([
      expect.objectContaining({ action: 'conversions.replayed', reason: 'the pixel is mended' }),
    ])

    await page.getByRole('button', { name: 'Replay all …' }).click()
    await asked.getByRole('button', { name: 'Send them again' }).click()
    await until(
      '/api/v1/conversions/events/bad-2',
      ({ events }) => events[0].deliveries[0].state === 'acknowledged',
    )
    await page.getByText('No delivery was given up').waitFor()
  })

  it('says why nothing of a dead letter can be sent again, and offers no way to', async () => {
    const { url, clock, get } = await played()
    // Past the days that Meta takes events for, and that identifiers are kept for.
    clock.stepWall(40 * 86_400_000)
    const { page } = await openPage(await startBrowser(), url)
    await page.goto(LIST)
    await page.getByRole('button', { name: 'Replay all …' }).click()
    const asked = page.getByRole('alertdialog')
    await asked.getByText('Nothing of it can be sent again').waitFor()
    await asked
      .getByText(/too old: meta has taken it until/)
      .first()
      .waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    expect(await asked.getByRole('button', { name: 'Send them again' }).count()).toBe(0)
    await asked.getByRole('button', { name: 'Close' }).click()
    expect((await get('/v1/audit')).body.entries).toEqual([])
  })

  it('finds an event by its id, and says what to try where there is none', async () => {
    const { url } = await played()
    const { page } = await openPage(await startBrowser(), url)
    await page.goto(LIST)
    await page.getByRole('searchbox', { name: 'Id of an event' }).fill('bad-2')
    await page.getByRole('button', { name: 'Look it up' }).click()
    await page.getByRole('region', { name: 'purchase' }).getByText('given up').waitFor()
    await page.getByText('code 100').first().waitFor()
    await page.goto(`${LIST}/events/nobody`)
    await page.getByRole('alert').getByText('There is no such event').waitFor()
  })

  it('shows the very body that each platform would get, and why one would be refused', async () => {
    const { url, meta } = await played()
    const before = meta.calls.length
    const { page } = await openPage(await startBrowser(), url)
    await page.goto(LIST)
    await page.getByLabel('An event, or a list of events, as JSON').fill(JSON.stringify(event()))
    for (const platform of ['Google Ads', 'TikTok', 'Snapchat'])
      await page.getByRole('checkbox', { name: platform }).uncheck()
    await page.getByRole('button', { name: 'Show what would be sent' }).click()
    const body = page.getByRole('region', { name: 'Body for meta' })
    await body.waitFor()
    expect(JSON.parse((await body.textContent()) ?? '')).toMatchObject({
      data: [{ event_id: 'ord-1', event_name: 'Purchase', custom_data: { value: 49.9, currency: 'USD' } }],
    })
    expect(await page.content()).not.toContain('EAAsandbox')

    await page
      .getByLabel('An event, or a list of events, as JSON')
      .fill(JSON.stringify(event({ event_name: 'order_done' })))
    await page.getByRole('button', { name: 'Show what would be sent' }).click()
    await page.getByText('would be refused').waitFor()
    await page.getByLabel('An event, or a list of events, as JSON').fill('{')
    await page.getByRole('button', { name: 'Show what would be sent' }).click()
    await page.getByText('This is no JSON').waitFor()
    expect(meta.calls).toHaveLength(before)
  })

  it('says what bids brought, in their currency, and what the figures lack', async () => {
    // Kept beyond this start, so that what bids have spent is known whole.
    const { url, bid, post, until } = await played({ STORE: 'sqlite' })
    const placed = await bid({ platform: 'meta', bidAmount: 50 })
    await post([
      { event_id: 'order', bid_id: placed.body.bidId, custom_data: { value: 120, currency: 'USD' } },
    ])
    await until('/v1/roas', ({ total }) => total.conversions === 1, 60_000)
    const { page } = await openPage(await startBrowser(), url)
    await page.goto(LIST)
    const row = page.getByRole('region', { name: 'Return on ad spend' }).getByRole('row')
    await row
      .filter({ hasText: 'Meta Ads' })
      .filter({ hasText: 'US$50.00' })
      .filter({ hasText: '2.4' })
      .waitFor()
    await page.getByText(/Conversions in no row: 3 naming no bid/).waitFor()
    await page.getByRole('combobox', { name: /^By/ }).selectOption('campaign')
    await row.filter({ hasText: 'Meta Ads · c1' }).waitFor()
  })

  it('offers neither replay nor preview to a key that may only read', async () => {
    const API_KEYS = ['viewer:read', 'ops:admin']
      .map((key) => `${key}:${hashKey(`${key.split(':')[0]}-key`).toString('hex')}`)
      .join(',')
    const { url, send } = await startConversions({ API_KEYS })
    await send(
      'POST',
      '/api/v1/conversions/events',
      { events: [event()] },
      { authorization: 'Bearer ops-key' },
    )
    const { page } = await openPage(await startBrowser(), url)
    await page.goto(LIST)
    await page.getByLabel('API key').fill('viewer-key')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('ord-1').waitFor()
    await page.getByText('No delivery was given up').waitFor()
    expect(await page.getByRole('button', { name: /Replay|Show what/ }).count()).toBe(0)
  })
})
