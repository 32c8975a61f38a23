import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { brotliCompressSync, gunzipSync, gzipSync } from 'node:zlib'
import { OpenAPIHono } from '@hono/zod-openapi'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type ApiEnv, problemAnswer, shown } from '../api/index.ts'
import { createLog } from '../log.ts'
import { openBundle } from './bundle.ts'
import { serveConsole } from './serve-console.ts'

const SCRIPT = 'const shown = "the console"'
const MANIFEST = { 'index.html': { file: 'assets/main-1.js', css: ['assets/main-2.css'] } }

/** A built console with these files beside its manifest. */
function built(files: Record<string, string | Buffer>): string {
  const folder = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

const coded = (name: string, text: string) => ({
  [name]: text,
  [`${name}.br`]: brotliCompressSync(text),
  [`${name}.gz`]: gzipSync(text),
})

const whole = () =>
  built({
    '.vite/manifest.json': JSON.stringify(MANIFEST),
    'index.html': '<meta name="style-nonce" content="__NONCE__">',
    ...coded('assets/main-1.js', SCRIPT),
    ...coded('assets/main-2.css', 'p {}'),
    ...coded('assets/secret.js', 'not in the manifest'),
  })

function serving(folder: string) {
  const logged: Record<string, unknown>[] = []
  const app = new OpenAPIHono<ApiEnv>()
  app.onError((error, c) => {
    const { status, body, headers } = problemAnswer(shown(error))
    return c.body(JSON.stringify(body), status, headers)
  })
  serveConsole(app, createLog('info', { write: (line) => logged.push(JSON.parse(line)) }), openBundle(folder))
  const ask = async (path: string, headers: Record<string, string> = {}) => app.request(path, { headers })
  return { ask, logged }
}

const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

describe('the console', () => {
  it('is a page at / and below /console, with a fresh nonce for its styles and no leave for other scripts', async () => {
    const { ask } = serving(whole())
    const nonces = new Set<string>()
    for (const path of ['/', '/console', '/console/budgets/platform:meta']) {
      const answer = await ask(path, BROWSER)
      expect([path, answer.status]).toEqual([path, 200])
      expect(answer.headers.get('cache-control')).toBe('no-cache')
      const policy = answer.headers.get('content-security-policy') ?? ''
      expect(policy).toMatch(/default-src 'none'; script-src 'self'; .*frame-ancestors 'none'/)
      expect(policy).not.toContain('unsafe')
      const [, nonce = ''] = /'nonce-([^']+)'/.exec(policy) ?? []
      expect(await answer.text()).toContain(`content="${nonce}"`)
      nonces.add(nonce)
    }
    expect(nonces.size).toBe(3)
  })

  it('shows ads in a page without its own origin, which no other site may show and which reaches nothing by itself', async () => {
    const { ask } = serving(whole())
    const answer = await ask('/console/creative', BROWSER)
    expect(answer.status).toBe(200)
    const policy = answer.headers.get('content-security-policy')?.split('; ') ?? []
    expect(policy).toContain('sandbox allow-scripts')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'self'")
    expect(policy.join()).not.toMatch(/connect-src|frame-src|form-action 'self'/)
    expect((await ask('/', BROWSER)).headers.get('content-security-policy')).toContain("frame-src 'self'")
  })

  it('is no answer to a program that has mistyped an address', async () => {
    const { ask } = serving(whole())
    for (const accept of ['*/*', 'application/json']) {
      const answer = await ask('/', { accept })
      expect(answer.status).toBe(404)
      expect(await answer.json()).toMatchObject({
        code: 'not_found',
        detail: expect.stringContaining('/docs'),
      })
    }
  })

  it.each([
    ['br', 'gzip, deflate, br'],
    ['gzip', 'gzip, br;q=0'],
    ['gzip', 'GZIP'],
    [null, 'deflate'],
    [null, ''],
  ])('sends its files as %s where %j is accepted, to be kept for ever', async (coding, accepted) => {
    const answer = await serving(whole()).ask('/assets/main-1.js', { 'accept-encoding': accepted })
    expect(answer.headers.get('content-encoding')).toBe(coding)
    expect(answer.headers.get('cache-control')).toContain('immutable')
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(answer.headers.get('vary')).toBe('accept-encoding')
    const bytes = Buffer.from(await answer.arrayBuffer())
    if (coding === 'gzip') expect(gunzipSync(bytes).toString()).toBe(SCRIPT)
    if (coding === null) expect(bytes.toString()).toBe(SCRIPT)
  })

  it.each([
    '/assets/secret.js',
    '/assets/..%2findex.html',
    '/assets/..%2f.vite%2fmanifest.json',
    '/assets/%2e%2e%2f%2e%2e%2fpackage.json',
    '/assets/main-1.js.br',
    '/assets/__proto__',
  ])('reads nothing that the manifest does not name: %s', async (path) => {
    expect((await serving(whole()).ask(path, BROWSER)).status).toBe(404)
  })

  it('that was not built is said in a line of the log, and the page says how to get it', async () => {
    const { ask, logged } = serving(built({}))
    expect(logged).toHaveLength(1)
    expect(logged[0]?.['msg']).toContain('npm ci')
    const answer = await ask('/', BROWSER)
    expect(answer.status).toBe(404)
    expect(await answer.json()).toMatchObject({ detail: expect.stringContaining('npm ci') })
    expect((await ask('/assets/main-1.js')).status).toBe(404)
  })
})
