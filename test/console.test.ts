import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { EXAMPLE_EVENT } from '../src/conversions/canonical-event.ts'
import { accessibilityFaults, openPage, startBrowser, untilShown } from './support/browser.ts'
import { startHarness } from './support/harness.ts'

/** Most JavaScript that the first page may load, in bytes of gzip. */
const MOST_OF_FIRST_PAGE = 150 * 1024
const DIST = 'web/dist'

interface Part {
  readonly file: string
  readonly imports?: readonly string[]
}

/** The files that are loaded for a part of the console, by the manifest of its build. */
function loadedFor(manifest: Record<string, Part>, part: string, loaded = new Set<string>()): Set<string> {
  const { file = '', imports = [] } = manifest[part] ?? {}
  if (loaded.has(file)) return loaded
  loaded.add(file)
  for (const one of imports) loadedFor(manifest, one, loaded)
  return loaded
}

describe('the console', () => {
  it('shows its first page without much JavaScript', () => {
    const manifest = JSON.parse(readFileSync(join(DIST, '.vite/manifest.json'), 'utf8'))
    const files = loadedFor(manifest, 'src/pages/overview/index.tsx', loadedFor(manifest, 'index.html'))
    expect(files.size).toBeGreaterThan(1)
    const bytes = [...files].map((file) => gzipSync(readFileSync(join(DIST, file))).length)
    expect(bytes.reduce((sum, one) => sum + one)).toBeLessThan(MOST_OF_FIRST_PAGE)
  })

  it('shows budgets and the kill switch to everybody who looks, in both themes, and nothing that a browser complains of', async () => {
    const { url, bid, get, clock } = await startHarness()
    await bid({ bidAmount: 450 })
    const browser = await startBrowser()
    const first = await openPage(browser, url)
    const second = await openPage(browser, url, { theme: 'dark', width: 360 })
    for (const { page } of [first, second]) {
      await page.goto('/')
      await page.getByRole('img', { name: /spent US\$450\.00.*free US\$50\.00/ }).waitFor()
    }

    await first.page.getByLabel('Reason').fill('prices look wrong')
    await first.page.getByRole('button', { name: 'Stop with this reason' }).click()
    // Told by the stream, whose time is the test's: nothing else asks for it meanwhile.
    await untilShown(clock, second.page.getByText('All bidding is stopped'))
    expect((await get('/v1/kill-switch')).body).toMatchObject({ engaged: true, reason: 'prices look wrong' })
    for (const { page, complaints } of [first, second]) {
      expect(await accessibilityFaults(page)).toEqual([])
      expect(complaints).toEqual([])
    }

    // Releasing asks, and does nothing until it is answered.
    await second.page.getByRole('button', { name: 'Release …' }).click()
    const asked = second.page.getByRole('alertdialog')
    expect(await accessibilityFaults(second.page)).toEqual([])
    await asked.getByRole('button', { name: 'Cancel' }).click()
    expect((await get('/v1/kill-switch')).body.engaged).toBe(true)
    await second.page.getByRole('button', { name: 'Release …' }).click()
    await asked.getByRole('button', { name: 'Release the stop' }).click()
    await untilShown(clock, first.page.getByRole('button', { name: 'Stop all bidding' }))
    expect((await get('/v1/kill-switch')).body).toEqual({ engaged: false })

    // A key is shown once, to who has made it.
    await first.page.getByRole('link', { name: 'Settings' }).click()
    await first.page.getByLabel(/^Name/).fill('ml')
    await first.page.getByRole('button', { name: 'Make the key' }).click()
    const made = await first.page.getByRole('alertdialog').getByLabel('API key').inputValue()
    const { name } = (await get('/v1/session', { authorization: `Bearer ${made}` })).body
    expect(name).toBe('ml')
    expect([...first.complaints, ...second.complaints]).toEqual([])
  })

  it('says what a seat would answer to a request, and what became of a conversion', async () => {
    const { url, send } = await startHarness()
    await send('POST', '/api/v1/conversions/events', { events: [{ ...EXAMPLE_EVENT, event_id: 'order-7' }] })
    const { page, complaints } = await openPage(await startBrowser(), url, { width: 360 })
    await page.goto('/console/exchanges/seats/example')
    await page.getByRole('button', { name: 'Send it' }).click()
    await page.getByText('It would hold US$0.006').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await page.getByRole('link', { name: 'Conversions' }).click()
    await page.getByRole('link', { name: 'order-7' }).click()
    await page.getByRole('region', { name: 'purchase' }).getByText('Meta Ads').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    expect(complaints).toEqual([])
  })
})
