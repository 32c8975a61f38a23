import { describe, expect, it } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { type Harness, type Reply, startHarness } from '../support/harness.ts'

const entry = (name: string, scopes: string, key: string) =>
  `${name}:${scopes}:${hashKey(key).toString('hex')}`
const KEYS = {
  API_KEYS: [
    entry('ml', 'bid', 'k-bid'),
    entry('grafana', 'read', 'k-read'),
    entry('ops', 'admin', 'k-admin'),
    entry('seven@7', 'read+operate', 'k-seven'),
  ].join(','),
}
const MINUTE_MS = 60_000
const as = (key: string) => ({ authorization: `Bearer ${key}` })

/** What a page of the service sends with each call. */
const page = ({ url }: Pick<Harness, 'url'>, cookie: string) => ({
  cookie,
  origin: new URL(url).origin,
  'sec-fetch-site': 'same-origin',
})
const cookieIn = ({ headers }: Reply): string => /^[^;]*/.exec(headers.get('set-cookie') ?? '')?.[0] ?? ''

async function signIn(harness: Harness, key: string): Promise<string> {
  const reply = await harness.send('POST', '/v1/session', { key })
  expect(reply.status).toBe(200)
  return cookieIn(reply)
}

async function started(environment: Record<string, string> = {}) {
  const harness = await startHarness({ ...KEYS, ...environment })
  const stop = (cookie: string, headers: Record<string, string> = page(harness, cookie)) =>
    harness.send('POST', '/v1/budgets/global/pause', undefined, headers)
  return { harness, stop, ...harness }
}

describe('a session', () => {
  it('has exactly the rights of its key', async () => {
    const { harness, get, bid, stop } = await started()
    const [reader, bidder, admin] = await Promise.all(
      ['k-read', 'k-bid', 'k-admin'].map((key) => signIn(harness, key)),
    )
    const status = async (cookie = '') => [
      (await get('/v1/budgets', page(harness, cookie))).status,
      (await bid({ bidAmount: 1 }, page(harness, cookie))).status,
      (await stop(cookie)).status,
    ]
    expect(await status(reader)).toEqual([200, 403, 403])
    expect(await status(bidder)).toEqual([403, 200, 403])
    expect(await status(admin)).toEqual([200, 200, 200])
    expect(await status()).toEqual([401, 401, 401])
  })

  it('says who it is, of which organisation, what it may do, and when it ends', async () => {
    const { harness, get, clock } = await started()
    const signedIn = await harness.send('POST', '/v1/session', { key: 'k-seven' })
    const expiresAt = new Date(clock.nowMs() + 12 * 60 * MINUTE_MS).toISOString()
    expect(signedIn.body).toEqual({
      ...{ keyNeeded: true, signedIn: true, name: 'seven', scopes: ['read', 'operate'] },
      ...{ organisation: 7, isOperator: false, mode: 'mock', expiresAt },
    })
    expect(signedIn.headers.get('cache-control')).toBe('no-store')
    expect((await get('/v1/session', page(harness, cookieIn(signedIn)))).body).toEqual(signedIn.body)
    const { body } = await get('/v1/session', as('k-admin'))
    expect(body).toMatchObject({ signedIn: false, name: 'ops', isOperator: true, expiresAt: null })
    expect(body.scopes).toEqual(['bid', 'read', 'operate', 'connect', 'convert', 'admin', 'premium'])
    expect((await get('/v1/session')).status).toBe(401)
  })

  it('keeps its id from scripts, other sites, and plain http where the service is at https', async () => {
    const { harness, logged } = await started()
    const plain = await harness.send('POST', '/v1/session', { key: 'k-read' })
    expect(plain.headers.get('set-cookie')).toMatch(
      /^bidwarden_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/,
    )
    const { send, get } = await started({ PUBLIC_URL: 'https://bids.example' })
    const own = { origin: 'https://bids.example', 'sec-fetch-site': 'same-origin' }
    const secure = await send('POST', '/v1/session', { key: 'k-read' }, own)
    expect(secure.headers.get('set-cookie')).toMatch(
      /^__Host-bidwarden_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure; Max-Age=43200$/,
    )
    expect((await get('/v1/budgets', { ...own, cookie: cookieIn(secure) })).status).toBe(200)
    expect(JSON.stringify(logged)).not.toMatch(new RegExp(`k-read|${cookieIn(plain).split('=')[1]}`))
  })

  it('ends an hour after its last request, and 12 hours after it began', async () => {
    const { harness, get, clock } = await started()
    const cookie = await signIn(harness, 'k-read')
    const status = async () => (await get('/v1/budgets', page(harness, cookie))).status
    for (let hour = 0; hour < 12; hour += 1) {
      expect([hour, await status()]).toEqual([hour, 200])
      await clock.advance(59 * MINUTE_MS)
    }
    expect(await status()).toBe(200)
    await clock.advance(13 * MINUTE_MS)
    expect(await status()).toBe(401)
    const idle = await signIn(harness, 'k-read')
    await clock.advance(60 * MINUTE_MS)
    expect((await get('/v1/budgets', page(harness, idle))).status).toBe(401)
  })

  it('ends by signing out, which works again and again', async () => {
    const { harness, send, get } = await started()
    const cookie = await signIn(harness, 'k-read')
    const out = await send('DELETE', '/v1/session', undefined, page(harness, cookie))
    expect(out).toMatchObject({ status: 200, body: { ended: true } })
    expect(out.headers.get('set-cookie')).toMatch(/^bidwarden_session=; .*Max-Age=0$/)
    expect((await get('/v1/budgets', page(harness, cookie))).status).toBe(401)
    expect((await send('DELETE', '/v1/session', undefined, page(harness, cookie))).body).toEqual({
      ended: false,
    })
  })

  it('is one of 32 of its key: the oldest ends, and no other key is touched', async () => {
    const { harness, get } = await started()
    const other = await signIn(harness, 'k-admin')
    const cookies: string[] = []
    for (let i = 0; i < 33; i += 1) cookies.push(await signIn(harness, 'k-read'))
    const status = async (cookie = '') => (await get('/v1/budgets', page(harness, cookie))).status
    expect(await status(cookies[0])).toBe(401)
    expect(await status(cookies[1])).toBe(200)
    expect(await status(cookies[32])).toBe(200)
    expect(await status(other)).toBe(200)
  })

  it('ends for no session of another organisation', async () => {
    const { harness, get } = await started({ TABLE_LIMITS: 'sessions=4' })
    const ours = [await signIn(harness, 'k-read'), await signIn(harness, 'k-admin')]
    const theirs: string[] = []
    for (let i = 0; i < 5; i++) theirs.push(await signIn(harness, 'k-seven'))
    const status = async (cookie = '') => (await get('/v1/session', page(harness, cookie))).status
    expect(await Promise.all(ours.map(status))).toEqual([200, 200])
    expect(await Promise.all(theirs.map(status))).toEqual([401, 401, 401, 200, 200])
  })

  it('begins with a body that is no longer than a key can be', async () => {
    const { send } = await started()
    // Nobody has shown a key here yet, so nobody may make work.
    expect((await send('POST', '/v1/session', `{"key":"${'\\u006b'.repeat(512)}"}`)).status).toBe(401)
    expect((await send('POST', '/v1/session', { key: 'k'.repeat(5_000) })).status).toBe(413)
  })

  it('streams events to a page, which can send no key with an EventSource', async () => {
    const { harness, url } = await started()
    const cookie = await signIn(harness, 'k-read')
    const abort = new AbortController()
    const { status, headers } = await fetch(`${url}/api/v1/events`, {
      headers: page(harness, cookie),
      signal: abort.signal,
    })
    expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream'])
    abort.abort()
  })

  it('counts for nothing beside a key: the key says who asks', async () => {
    const { harness, get, send } = await started()
    const admin = await signIn(harness, 'k-admin')
    const both = (key: string) => ({ ...page(harness, admin), ...as(key) })
    expect((await get('/v1/session', both('k-read'))).body).toMatchObject({
      name: 'grafana',
      signedIn: false,
    })
    expect((await send('POST', '/v1/budgets/global/pause', undefined, both('k-read'))).status).toBe(403)
    expect((await get('/v1/budgets', both('k-nobody'))).status).toBe(401)
    // What a proxy in front asks for is no key of ours.
    const proxied = { ...page(harness, admin), authorization: 'Basic cHJveHk6cHJveHk=' }
    expect((await get('/v1/session', proxied)).body).toMatchObject({ name: 'ops', signedIn: true })
  })
})

describe('a page of another site', () => {
  it("can use nobody's session, for changes or to look", async () => {
    const { harness, stop, get, send } = await started()
    const cookie = await signIn(harness, 'k-admin')
    const { origin } = new URL(harness.url)
    const json = { 'content-type': 'application/json' }
    for (const foreign of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://127.0.0.1:1' },
      { origin, 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site' },
      { origin: `${origin}.evil.example` },
    ]) {
      expect([foreign, (await stop(cookie, { cookie, ...json, ...foreign })).status]).toEqual([foreign, 403])
      expect([foreign, (await get('/v1/budgets', { cookie, ...foreign })).status]).toEqual([foreign, 403])
      const out = await send('DELETE', '/v1/session', undefined, { cookie, ...foreign })
      expect([foreign, out.status]).toEqual([foreign, 403])
      const signed = await send('POST', '/v1/session', { key: 'k-read' }, foreign)
      expect([foreign, signed.status]).toEqual([foreign, 403])
      expect(signed.headers.get('set-cookie')).toBeNull()
    }
    expect((await stop(cookie)).status).toBe(200)
  })

  it('is not taken for our own where nothing proves whose it is', async () => {
    const { harness, stop } = await started()
    const cookie = await signIn(harness, 'k-admin')
    const { origin } = new URL(harness.url)
    const status = async (headers: Record<string, string>) =>
      (await stop(cookie, { cookie, ...headers })).status
    expect(await status({})).toBe(403)
    expect(await status({ 'sec-fetch-site': 'none' })).toBe(403)
    expect(await status({ origin, 'content-type': 'text/plain' })).toBe(403)
    expect(await status({ origin, 'content-type': 'text/plain', 'x-requested-with': 'page' })).toBe(200)
    expect(await status({ 'sec-fetch-site': 'same-origin' })).toBe(200)
  })

  it('over http is another one where the service is at https', async () => {
    const { send, url } = await started({ PUBLIC_URL: 'https://bids.example' })
    const { status, body } = await send('POST', '/v1/session', { key: 'k-read' }, { origin: url })
    expect([status, body.detail]).toEqual([403, expect.stringContaining('https://bids.example')])
  })
})

describe('signing in', () => {
  it('refuses wrong keys, too many of them with 429, and keeps out nobody who has a right one', async () => {
    const { send, clock } = await started()
    const tried = async (key: unknown) => (await send('POST', '/v1/session', { key })).status
    for (let i = 0; i < 10; i += 1) expect(await tried(`wrong-${i}`)).toBe(401)
    expect(await tried('wrong')).toBe(429)
    expect(await tried('k-read')).toBe(200)
    await clock.advance(MINUTE_MS)
    expect(await tried('wrong')).toBe(401)
    for (const odd of [1, '', 'x'.repeat(513), null, ['k-read']]) expect(await tried(odd)).toBe(400)
  })

  it('takes two cookies of its name for none, since one may be planted', async () => {
    const { harness, get } = await started()
    const [one, two] = [await signIn(harness, 'k-read'), await signIn(harness, 'k-admin')]
    expect((await get('/v1/budgets', page(harness, `${one}; ${two}`))).status).toBe(401)
    expect((await get('/v1/budgets', page(harness, `theme=dark; ${one}; x`))).status).toBe(200)
  })

  it('is not needed where there are no keys, and pages are told so', async () => {
    const { get, send, url } = await startHarness()
    const open = {
      ...{ keyNeeded: false, signedIn: false, name: 'local', organisation: 1, isOperator: true },
      ...{ mode: 'mock', expiresAt: null },
    }
    expect((await get('/v1/session')).body).toMatchObject(open)
    const signed = await send('POST', '/v1/session', { key: 'anything' })
    expect(signed.body).toMatchObject(open)
    expect(signed.headers.get('set-cookie')).toBeNull()
    const own = { origin: url, 'sec-fetch-site': 'same-origin' }
    expect((await send('DELETE', '/v1/session', undefined, own)).body).toEqual({ ended: false })
    const foreign = { origin: 'https://evil.example' }
    expect((await send('POST', '/v1/session', { key: 'anything' }, foreign)).status).toBe(403)
  })
})
