import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { openPage, startBrowser, untilShown } from '../support/browser.ts'
import { goOn, type Harness, startHarness } from '../support/harness.ts'

const LIST = '/console/exchanges'
const SEAT = `${LIST}/seats/example`

const request = (more: object = {}) => ({
  id: 'one',
  imp: [{ id: '1', banner: { w: 300, h: 250 } }],
  site: { domain: 'news.example' },
  ...more,
})

const campaign = (more: object = {}) => ({
  seat: 'example',
  advertiserDomain: 'advertiser.example',
  price: { cpmPerLtv: 0, minCpm: 5, maxCpm: 5 },
  limits: [{ kind: 'day', timezone: 'UTC', max: 20 }],
  creatives: [{ id: 'ad', type: 'banner', sizes: [{ w: 300, h: 250 }], markup: '<b>Hello</b>' }],
  ...more,
})

/** Fills in what a new campaign needs. */
async function fillIn(page: Page, id: string): Promise<void> {
  await page.getByLabel(/^Id \(letters/).fill(id)
  await page.getByLabel('Domain of the advertiser').fill('advertiser.example')
  await page.getByLabel('At least (CPM, USD)').fill('4')
  await page.getByLabel('At most (CPM, USD)').fill('9')
  await page.getByLabel('At most (USD)').fill('25')
  await page.getByLabel(/^Id \(as the exchange/).fill('spring-300x250')
  await page.getByLabel('Sizes').fill('300x250, 320x50')
  await page.getByLabel('Markup').fill('<b>Spring</b>')
}

const stored = async ({ get }: Harness, id: string) => (await get(`/v1/campaigns/${id}`)).body

describe('the exchanges of the console', () => {
  it('shows how seats are doing as it changes, and why there were no bids', async () => {
    const harness = await startHarness()
    const { url, send, clock } = harness
    const { page, complaints } = await openPage(await startBrowser(), url)
    const streaming = page.waitForResponse('**/v1/stream')
    await page.goto(LIST)
    await page.getByText('no request has come yet').waitFor()
    await streaming
    // What is counted from now on is news.
    clock.advance(1_000)
    await goOn()
    await send('POST', '/openrtb2/example/bid', request())
    await send('POST', '/openrtb2/example/bid', request({ tmax: 5 }))
    await untilShown(clock, page.getByText('tmax leaves no time to answer'))
    await page.getByText('50%').waitFor()
    await page.getByRole('link', { name: 'example', exact: true }).click()
    await page.getByText('1 impressions').waitFor()
    await page.getByText('US$0.005').waitFor()
    expect(complaints).toEqual([])
  })

  it('sends a test request and says what each campaign lacks, and where there is no money', async () => {
    const { url, send, get } = await startHarness()
    await send('PUT', '/v1/campaigns/dear', campaign({ price: { cpmPerLtv: 0, minCpm: 30, maxCpm: 30 } }))
    await send('PUT', '/v1/campaigns/tv', campaign({ targeting: { deviceTypes: [3] } }))
    await send('PUT', '/v1/budgets/campaign:openrtb:dear', { limits: [{ kind: 'lifetime', max: 0.01 }] })
    const { page } = await openPage(await startBrowser(), url)
    await page.goto(SEAT)
    await page.getByRole('button', { name: 'Send it' }).click()
    await page.getByText('Not now:').waitFor()
    await page.getByRole('link', { name: 'campaign:openrtb:dear' }).waitFor()
    const row = (name: string) => page.getByRole('row').filter({ hasText: name })
    await row('tv').getByText('the campaign is not for this type of device').waitFor()
    await row('example-300x250').getByText('beaten').waitFor()

    await page.getByLabel('Floor (CPM in USD)').fill('900')
    await page.getByRole('button', { name: 'Send it' }).click()
    await page.getByText('There is no bid because the price is below the floor').waitFor()

    await page.getByText('The whole request as JSON').click()
    await page.getByLabel('Bid request').fill('{"id":"x","imp":[]}')
    await page.getByRole('button', { name: 'Send it' }).click()
    await page.getByRole('alert').getByText('imp:').waitFor()
    await page.getByLabel('Bid request').fill('{"id":')
    await page.getByRole('button', { name: 'Send it' }).click()
    await page.getByText('This is no JSON').waitFor()
    expect((await get('/v1/seats/example')).body).toMatchObject({ requests: 0, held: 0 })
  })

  it('makes a campaign after it was asked, lowers and pauses it at once, and asks again before more can be spent', async () => {
    const harness = await startHarness()
    const { url, get } = harness
    const { page } = await openPage(await startBrowser(), url)
    await page.goto(LIST)
    await page.getByRole('link', { name: 'New campaign' }).click()
    await fillIn(page, 'spring')
    await page.getByRole('button', { name: 'Save …' }).click()
    const asked = page.getByRole('alertdialog')
    await asked.getByText('It bids up to US$9.00 CPM, within US$25.00 a day').waitFor()
    expect((await get('/v1/campaigns/spring')).status).toBe(404)
    await asked.getByRole('button', { name: 'Save it' }).click()
    await page.getByRole('heading', { name: 'What it does' }).waitFor()
    expect(await stored(harness, 'spring')).toMatchObject({
      status: 'active',
      price: { cpmPerLtv: 0.05, minCpm: 4, maxCpm: 9 },
      creatives: [
        {
          id: 'spring-300x250',
          sizes: [
            { w: 300, h: 250 },
            { w: 320, h: 50 },
          ],
          markup: '<b>Spring</b>',
        },
      ],
    })

    await page.getByLabel('At most (CPM, USD)').fill('7')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await expect.poll(async () => (await stored(harness, 'spring')).price.maxCpm).toBe(7)
    await page.getByRole('button', { name: 'Pause' }).click()
    await expect.poll(async () => (await stored(harness, 'spring')).status).toBe('paused')
    await page.getByRole('button', { name: 'Bid again …' }).click()
    await asked.getByRole('button', { name: 'Cancel' }).click()
    expect((await stored(harness, 'spring')).status).toBe('paused')

    // What is wrong is said in the service's words, and nothing is lost of what was typed.
    await page.getByLabel('At least (CPM, USD)').fill('90')
    await page.getByRole('button', { name: 'Save …' }).click()
    await asked.getByRole('button', { name: 'Save it' }).click()
    await page.getByText('must not exceed maxCpm').waitFor()
    expect(await page.getByLabel('At least (CPM, USD)').inputValue()).toBe('90')
    await page.getByRole('button', { name: 'Undo' }).click()
    expect(await page.getByLabel('At least (CPM, USD)').inputValue()).toBe('4')

    await page.getByRole('button', { name: 'End it …' }).click()
    await asked.getByRole('button', { name: 'End it' }).click()
    await page.getByText('The campaign spring has ended').first().waitFor()
    expect((await get('/v1/campaigns/spring')).status).toBe(404)
  })

  it('caps how often one user sees a campaign and bids its whole worth, and asks before either lets more be spent', async () => {
    const harness = await startHarness()
    await harness.send('PUT', '/v1/campaigns/spring', campaign())
    const { page } = await openPage(await startBrowser(), harness.url)
    await page.goto(`${LIST}/campaigns/spring`)
    const cap = async () => (await stored(harness, 'spring')).frequencyCap
    const impressions = page.getByLabel('Impressions for each user')
    await impressions.fill('3')
    await page.getByLabel(/^within \(minutes/).fill('60')
    await page.getByLabel('Where no id of the user is given').selectOption('bid')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await expect.poll(cap).toEqual({ impressions: 3, windowSeconds: 3_600, withoutId: 'bid' })

    await impressions.fill('2.5')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('A frequency cap needs a whole number of impressions').waitFor()
    await impressions.fill('')
    await page.getByLabel('Where the winner pays what it bid').selectOption('off')
    await page.getByRole('button', { name: 'Save …' }).click()
    const asked = page.getByRole('alertdialog')
    await asked.getByText(/^one user: 3 impressions in 1 h.* → as often as it wins$/).waitFor()
    await asked.getByText('It bids all that an impression is worth').waitFor()
    expect(await cap()).toBeDefined()
    await asked.getByRole('button', { name: 'Save it' }).click()
    await expect.poll(cap).toBeUndefined()
    expect((await stored(harness, 'spring')).shading).toBe('off')
  })

  it('keeps what others have changed from being overwritten unseen', async () => {
    const { url, send } = await startHarness()
    await send('PUT', '/v1/campaigns/spring', campaign())
    const { page } = await openPage(await startBrowser(), url)
    await page.goto(`${LIST}/campaigns/spring`)
    await page.getByLabel('Categories').fill('IAB1')
    await send('PUT', '/v1/campaigns/spring', campaign({ advertiserDomain: 'other.example' }))
    await page.getByText('Somebody has changed this campaign meanwhile.').waitFor()
    await page.getByRole('button', { name: 'Show theirs, and drop mine' }).click()
    await expect.poll(() => page.getByLabel('Domain of the advertiser').inputValue()).toBe('other.example')
    expect(await page.getByLabel('Categories').inputValue()).toBe('')
  })

  it('shows an ad in a frame that reaches neither the console nor the service, whatever it tries', async () => {
    const { url, send, get } = await startHarness()
    const markup = `<p id="seen">An ad</p><script>
      const tried = []
      const note = (name, act) => { try { act(); tried.push(name) } catch { } }
      note('parent', () => parent.document.title)
      note('cookies', () => document.cookie)
      note('storage', () => localStorage.length)
      note('top', () => { top.location = 'https://elsewhere.example/' })
      new Image().src = '${url}/v1/budgets'
      fetch('${url}/v1/kill-switch', { method: 'POST', body: '{"engaged":true}', mode: 'no-cors' }).catch(() => {})
      document.body.append('tried: ' + tried.join())
    </script><img src="https://cdn.example/a.png">`
    const creative = { id: 'ad', type: 'banner', sizes: [{ w: 300, h: 250 }], markup }
    await send('PUT', '/v1/campaigns/hostile', campaign({ creatives: [creative] }))
    const { page } = await openPage(await startBrowser(), url)
    // What really leaves the browser: a request that a policy has blocked comes to no route.
    const ofAd = new Set<string>()
    await page.route('**/*', (route, asked) => {
      if (asked.frame() !== page.mainFrame()) ofAd.add(asked.url())
      return asked.url().startsWith('https:') ? route.abort() : route.continue()
    })
    await page.goto(`${LIST}/campaigns/hostile`)
    const ad = page.frameLocator('iframe')
    await ad.getByText('An ad').waitFor()
    expect(await ad.getByText('tried:').count()).toBe(0)
    expect([...ofAd]).toEqual([`${url}/console/creative`])

    await page.getByLabel(/Run its scripts and load from .*cdn\.example/).check()
    await ad.getByText('tried:').waitFor()
    expect(await ad.getByText('tried:').textContent()).toMatch(/tried: *$/)
    expect([...ofAd]).toEqual([`${url}/console/creative`, 'https://cdn.example/a.png'])
    expect((await get('/v1/kill-switch')).body).toEqual({ engaged: false })
    expect(page.url()).toBe(`${url}${LIST}/campaigns/hostile`)
  })

  it('offers no change to a key that may only read, and an organisation its own seats and campaigns', async () => {
    const entry = (name: string, scopes: string) =>
      `${name}:${scopes}:${hashKey(`${name}-key`).toString('hex')}`
    const { url, send } = await startHarness({
      API_KEYS: [entry('viewer', 'read'), entry('seven@7', 'read'), entry('ops', 'read+operate')].join(','),
    })
    await send('PUT', '/v1/campaigns/spring', campaign(), { authorization: 'Bearer ops-key' })
    const { page } = await openPage(await startBrowser(), url)
    await page.goto(`${LIST}/campaigns/spring`)
    await page.getByLabel('API key').fill('viewer-key')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'What it does' }).waitFor()
    await page.frameLocator('iframe').getByText('Hello').waitFor()
    expect(await page.getByRole('button', { name: /Save|Pause|End/ }).count()).toBe(0)
    await page.goto(SEAT)
    await page.getByRole('heading', { name: 'How it is doing' }).waitFor()
    expect(await page.getByRole('button', { name: 'Send it' }).count()).toBe(0)
    await page.getByRole('button', { name: 'Sign out viewer' }).click()

    await page.getByLabel('API key').fill('seven@7-key')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.goto(LIST)
    await page.getByText('Your organisation has no seat of its own').waitFor()
    await page.getByText('Nothing is bid on at exchanges yet').waitFor()
  })
})
