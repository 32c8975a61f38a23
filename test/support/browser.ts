import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import type { FakeClock } from './fake-clock.ts'

/** Nothing but the page is loaded, and nothing is asked of another host. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

/** Chromium with a profile of its own, until the test ends. */
export async function startBrowser(): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: FLAGS })
  onTestFinished(() => browser.close())
  return browser
}

function chromiumPath(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const path = folders.map((folder) => join(folder, 'chromium')).find((one) => existsSync(one))
  if (path === undefined) throw new Error('chromium is not on the PATH')
  return path
}

export interface Watched {
  readonly context: BrowserContext
  readonly page: Page
  /** What the browser has complained of: errors of scripts, what the policy has blocked, requests to other hosts. */
  readonly complaints: string[]
}

interface Looks {
  readonly theme?: 'light' | 'dark'
  readonly width?: number
}

/** A page that looks at the console, as another viewer than every other. */
export async function openPage(
  browser: Browser,
  url: string,
  { theme, width }: Looks = {},
): Promise<Watched> {
  const context = await browser.newContext({
    baseURL: url,
    colorScheme: theme ?? 'light',
    viewport: { width: width ?? 1440, height: 900 },
    timezoneId: 'Europe/Berlin',
    locale: 'en-GB',
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', ({ message }) => complaints.push(message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`)) complaints.push(`asks ${request.url()}`)
  })
  return { context, page, complaints }
}

/** What axe finds against WCAG A and AA in the page, a line each. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  // Evaluated by the debugger, which the page's policy does not bind.
  await page.evaluate(axe)
  return page.evaluate(async () => {
    const run: (
      context: string,
      what: object,
    ) => Promise<{
      violations: { id: string; nodes: { html: string; failureSummary: string }[] }[]
    }> = Reflect.get(globalThis, 'axe').run
    const { violations } = await run(':root', {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
    })
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    )
  })
}

/** Whether something stands beyond the right edge of the window. */
export const scrollsSideways = (page: Page): Promise<boolean> =>
  page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')

/** Lets the service's time pass, as the stream needs, until something stands on the page. */
export async function untilShown(clock: Pick<FakeClock, 'advance'>, what: Locator): Promise<void> {
  let isOver = false
  const shown = what.waitFor().finally(() => {
    isOver = true
  })
  while (!isOver) {
    clock.advance(250)
    // A turn of this process is too short for a browser to draw in; its own next frame is not.
    await what.page().evaluate('new Promise((drawn) => requestAnimationFrame(drawn))')
  }
  await shown
}
