// Takes the picture of the console for the README: starts the demo, lets it play until charts have something to show, and
// photographs the Overview in both themes with the Chromium on the PATH. Writes docs/console-light.webp and -dark.webp.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'

const ROOT = join(import.meta.dirname, '..')
/** How long the demo plays before; another number of minutes may be given. */
const PLAYED_MINUTES = Number(process.argv[2] ?? 8)
const THEMES = ['light', 'dark'] as const
/** Most bytes of both pictures together. */
const MOST_BYTES = 200 * 1024

function chromiumPath(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const path = folders.map((folder) => join(folder, 'chromium')).find((one) => existsSync(one))
  if (path === undefined) throw new Error('chromium is not on the PATH')
  return path
}

const demo = spawn(process.execPath, [join(ROOT, 'bin/bidwarden.cjs'), 'start', '--demo'], {
  cwd: ROOT,
  env: { ...process.env, PORT: '0', SANDBOX_PORT: '0', LOG_LEVEL: 'error' },
  stdio: ['ignore', 'pipe', 'inherit'],
})
const ended = once(demo, 'exit')

/** Resolves with the address that the demo has printed. */
function listening(): Promise<string> {
  let said = ''
  return new Promise((resolve, reject) => {
    demo.stdout.on('data', (chunk) => {
      said += chunk
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0]
      if (url !== undefined) resolve(url)
    })
    void ended.then(() => reject(new Error(`the demo has ended: ${said}`)))
  })
}

try {
  const url = await listening()
  process.stdout.write(`the demo plays at ${url} for ${PLAYED_MINUTES} minutes\n`)
  await sleep(PLAYED_MINUTES * 60_000)
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox'] })
  let bytes = 0
  for (const theme of THEMES) {
    const path = join(ROOT, `docs/console-${theme}.webp`)
    const page = await browser.newPage({
      ...{ baseURL: url, colorScheme: theme, locale: 'en-GB', timezoneId: 'Europe/Berlin' },
      viewport: { width: 1280, height: 860 },
    })
    await page.goto('/')
    await page.locator('.plot canvas').waitFor()
    await page.getByText('free of').first().waitFor()
    // A frame more, so that the chart is drawn.
    await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))')
    const session = await page.context().newCDPSession(page)
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 85 })
    const picture = Buffer.from(data, 'base64')
    writeFileSync(path, picture)
    bytes += picture.length
  }
  await browser.close()
  process.stdout.write(`both pictures have ${bytes} bytes\n`)
  if (bytes > MOST_BYTES) throw new Error(`they may have ${MOST_BYTES}`)
} finally {
  demo.kill()
  await ended
}
