import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { goOn, startHarness } from '../support/harness.ts'
import { startRedis } from '../support/redis-server.ts'
import { BID, type Started, startOn, TRIES, temporaryDirectory } from '../support/restarts.ts'
import { startProxy } from '../support/tcp-proxy.ts'

const entry = (name: string, scopes: string, key: string) =>
  `${name}:${scopes}:${hashKey(key).toString('hex')}`
const KEYS = {
  API_KEYS: [
    entry('ops', 'admin', 'k-ops'),
    entry('part', 'bid+read+operate+connect+convert+premium', 'k-part'),
    entry('seven@7', 'admin', 'k-seven'),
  ].join(','),
}
const as = (key: string) => ({ authorization: `Bearer ${key}` })
const HOUR_MS = 3_600_000

async function started(environment: Record<string, string> = {}) {
  const harness = await startHarness({ ...KEYS, ...environment })
  const { send, get } = harness
  const make = (body: object, who = 'k-ops') => send('POST', '/v1/keys', body, as(who))
  const revoke = (name: string, who = 'k-ops') => send('DELETE', `/v1/keys/${name}`, undefined, as(who))
  const list = async (who = 'k-ops') => (await get('/v1/keys', as(who))).body.keys
  return { ...harness, make, revoke, list }
}

describe('an API key that is made at run time', () => {
  it('is shown once, and lets in whom it says to do what it says', async () => {
    const { make, list, get, bid, logged } = await started()
    const made = await make({ name: 'ml', scopes: ['bid', 'bid'] })
    expect(made.body).toMatchObject({
      name: 'ml',
      scopes: ['bid'],
      source: 'api',
      state: 'valid',
      madeBy: 'ops',
    })
    expect(made.body.key).toMatch(/^bw_[\w-]{43}$/)
    expect(made.headers.get('cache-control')).toBe('no-store')
    expect((await bid({ bidAmount: 1 }, as(made.body.key))).status).toBe(200)
    expect((await get('/v1/budgets', as(made.body.key))).status).toBe(403)
    const listed = await list()
    expect(listed.map(({ name, source }: { name: string; source: string }) => [name, source])).toEqual([
      ['ops', 'environment'],
      ['part', 'environment'],
      ['seven@7', 'environment'],
      ['ml', 'api'],
    ])
    expect(listed.at(-1).lastUsedAt).toBe(made.body.madeAt)
    expect(JSON.stringify([listed, logged])).not.toContain(made.body.key.slice(3))
    expect((await bid({ bidAmount: 1 }, as('k-part'))).status).toBe(200)
  })

  it.each(['/v1/stream', '/api/v1/events'])(
    'ends the streams that are open with it when it is revoked: %s',
    async (path) => {
      const { make, revoke, url, clock } = await started()
      const { key } = (await make({ name: 'watcher', scopes: ['read'] })).body
      const opened = await fetch(url + path, { headers: as(key) })
      expect(opened.status).toBe(200)
      let hasEnded = false
      const read = opened.text().then(() => (hasEnded = true))
      clock.advance(20_000)
      await goOn()
      expect(hasEnded).toBe(false)
      await revoke('watcher')
      for (let look = 0; look < 4 && !hasEnded; look++) {
        clock.advance(250)
        await goOn()
      }
      expect(hasEnded).toBe(true)
      await read
    },
  )

  it('ends at once when it is revoked, with the sessions that have begun with it', async () => {
    const { make, revoke, send, get, url, list } = await started()
    const { key } = (await make({ name: 'grafana', scopes: ['read'] })).body
    const signedIn = await send('POST', '/v1/session', { key })
    const cookie = /^[^;]*/.exec(signedIn.headers.get('set-cookie') ?? '')?.[0] ?? ''
    const page = { cookie, origin: url, 'sec-fetch-site': 'same-origin' }
    expect((await get('/v1/budgets', page)).status).toBe(200)
    expect((await revoke('grafana')).body).toMatchObject({ state: 'revoked' })
    for (const headers of [as(key), page])
      expect(await get('/v1/budgets', headers)).toMatchObject({ status: 401, body: { code: 'unauthorized' } })
    expect((await list()).at(-1)).toMatchObject({ name: 'grafana', state: 'revoked' })
    expect((await revoke('grafana')).status).toBe(404)
    // Its name is free again, and the old secret stays outside.
    expect((await make({ name: 'grafana', scopes: ['read'] })).status).toBe(200)
    expect((await get('/v1/budgets', as(key))).status).toBe(401)
    expect((await get('/v1/budgets', page)).status).toBe(401)
  })

  it('expires when it says, with a code of its own, and can be given more time', async () => {
    const { make, send, get, clock, list } = await started()
    const inMs = (ms: number) => new Date(clock.nowMs() + ms).toISOString()
    expect(await make({ name: 'x', scopes: ['read'], expiresAt: inMs(0) })).toMatchObject({
      status: 400,
      body: { field: 'expiresAt' },
    })
    const { key } = (await make({ name: 'x', scopes: ['read'], expiresAt: inMs(HOUR_MS) })).body
    const ask = () => get('/v1/budgets', as(key))
    await clock.advance(HOUR_MS - 1)
    expect((await ask()).status).toBe(200)
    await clock.advance(1)
    expect(await ask()).toMatchObject({ status: 401, body: { code: 'key_expired' } })
    expect((await ask()).headers.get('www-authenticate')).toBe('Bearer')
    expect((await list()).at(-1).state).toBe('expired')
    const more = (expiresAt: unknown) => send('PATCH', '/v1/keys/x', { expiresAt }, as('k-ops'))
    expect((await more(inMs(1))).status).toBe(200)
    expect((await ask()).status).toBe(200)
    await clock.advance(1)
    expect((await ask()).status).toBe(401)
    expect((await more(null)).body.expiresAt).toBeUndefined()
    expect((await ask()).status).toBe(200)
  })

  it('is made and revoked by admins alone, by those of an organisation for their own', async () => {
    const { make, revoke, list, get } = await started()
    expect((await make({ name: 'x', scopes: ['bid'] }, 'k-part')).status).toBe(403)
    expect((await make({ name: 'x', scopes: ['bid'], organisation: 8 }, 'k-seven')).status).toBe(403)
    expect((await make({ name: 'x', scopes: ['bid'], organisation: 1 }, 'k-seven')).status).toBe(403)
    const own = (await make({ name: 'x', scopes: ['admin'] }, 'k-seven')).body
    expect(own).toMatchObject({ name: 'x', organisation: 7 })
    expect((await get('/v1/session', as(own.key))).body).toMatchObject({ organisation: 7, isOperator: false })
    // The operator's has the same name, and is another one.
    expect((await make({ name: 'x', scopes: ['bid'] })).status).toBe(200)
    const names = async (who: string) => (await list(who)).map(({ name }: { name: string }) => name)
    expect(await names('k-seven')).toEqual(['seven', 'x'])
    expect(await names('k-ops')).toEqual(['ops', 'part', 'seven@7', 'x@7', 'x'])
    expect((await revoke('x', 'k-seven')).body.organisation).toBe(7)
    expect((await list()).at(-1)).toMatchObject({ name: 'x', state: 'valid' })
    expect((await revoke('x@7')).status).toBe(404)
    expect((await revoke('ops', 'k-seven')).status).toBe(404)
    const nine = (await make({ name: 'y', scopes: ['read'], organisation: 9 })).body
    expect((await get('/v1/budgets/org:9', as(nine.key))).status).toBe(200)
  })

  it('gives no key more time than it has itself, its own neither', async () => {
    const { make, send, clock } = await started()
    const inMs = (ms: number) => new Date(clock.nowMs() + ms).toISOString()
    const until = inMs(HOUR_MS)
    const guest = (await make({ name: 'guest', scopes: ['admin'], expiresAt: until })).body.key
    for (const expiresAt of [undefined, inMs(HOUR_MS + 1)])
      expect(await make({ name: 'x', scopes: ['bid'], expiresAt }, guest)).toMatchObject({
        status: 403,
        body: { code: 'forbidden', field: 'expiresAt' },
      })
    expect((await make({ name: 'x', scopes: ['bid'], expiresAt: until }, guest)).status).toBe(200)
    await make({ name: 'stays', scopes: ['bid'] })
    const change = (name: string, expiresAt: string | null) =>
      send('PATCH', `/v1/keys/${name}`, { expiresAt }, as(guest))
    expect((await change('guest', null)).status).toBe(403)
    expect((await change('x', inMs(HOUR_MS + 1))).status).toBe(403)
    // Less time is always less risk.
    expect((await change('stays', inMs(2 * HOUR_MS))).status).toBe(200)
    expect((await change('stays', null)).status).toBe(403)
  })

  it('does nothing by a call whose body comes after it was revoked', async () => {
    const { make, revoke, list, url } = await started()
    const { key } = (await make({ name: 'leaked', scopes: ['admin'] })).body
    const headers = { ...as(key), 'content-type': 'application/json' }
    const slow = request(`${url}/v1/keys`, { method: 'POST', headers })
    const answered = once(slow, 'response')
    slow.write('{"name":"later",')
    // Once it has been seen it has been let in, and its body is awaited.
    await expect.poll(async () => (await list()).at(-1).lastUsedAt).toBeDefined()
    await revoke('leaked')
    slow.end('"scopes":["admin"]}')
    expect((await answered)[0].statusCode).toBe(401)
    expect(await list()).toHaveLength(4)
  })

  it('is not repeated where it was typed in the place of something else', async () => {
    const { make, send } = await started()
    const { key } = (await make({ name: 'ml', scopes: ['bid'] })).body
    for (const [method, path, body] of [
      ['DELETE', `/v1/keys/${key}`],
      ['PATCH', `/v1/keys/${key}`, { expiresAt: null }],
      ['GET', `/v1/keys/${key}`],
      ['GET', `/${key}`],
      ['GET', `/v1/budgets?${key}=1`],
      ['GET', `/v1/budgets/key:${key}`],
      ['GET', `/v1/campaigns/${key}`],
      ['POST', `/openrtb2/${key}/bid`, {}],
      ['GET', `/api/v1/connectors/types/${key}`],
      ['GET', `/api/v1/connectors/requests/${key}`],
      ['PUT', `/api/v1/conversions/connections/${key}`, {}],
    ] as const) {
      const reply = await send(method, path, body, as('k-ops'))
      expect([path, reply.status >= 400, JSON.stringify(reply.body).includes(key.slice(3, 12))]).toEqual([
        path,
        true,
        false,
      ])
    }
    expect((await send('GET', '/v1/campaigns/spring@7', undefined, as('k-ops'))).body.detail).toContain(
      'spring@7',
    )
  })

  it('has a name of its own, also beside those of the environment, which stay as they are', async () => {
    const { make, revoke } = await started()
    for (const [name, who] of [
      ['ops', 'k-ops'],
      ['seven', 'k-seven'],
    ] as const)
      expect(await make({ name, scopes: ['bid'] }, who)).toMatchObject({
        status: 400,
        body: { field: 'name' },
      })
    expect((await make({ name: 'ml', scopes: ['bid'] })).status).toBe(200)
    expect((await make({ name: 'ml', scopes: ['bid'] })).status).toBe(400)
    expect(await revoke('part')).toMatchObject({ status: 400 })
    const both = await Promise.all([1, 2].map(() => make({ name: 'twin', scopes: ['bid'] })))
    expect(both.map(({ status }) => status).sort()).toEqual([200, 400])
    for (const odd of [
      { name: 'a b', scopes: ['bid'] },
      { name: 'x@7', scopes: ['bid'] },
      { name: 'x', scopes: [] },
      { name: 'x', scopes: ['all'] },
      { name: 'x', scopes: ['bid'], organisation: 0 },
      { name: 'x', scopes: ['bid'], secret: 'mine' },
    ])
      expect([odd, (await make(odd)).status]).toEqual([odd, 400])
  })

  it('is one of so many: those that were revoked make room, others do not', async () => {
    const { make, revoke, list } = await started({ TABLE_LIMITS: 'api_keys=4' })
    for (const name of ['a', 'b', 'c']) await make({ name, scopes: ['bid'] })
    expect((await make({ name: 'a', scopes: ['bid'] }, 'k-seven')).status).toBe(200)
    expect((await make({ name: 'b', scopes: ['bid'] }, 'k-seven')).status).toBe(400)
    expect((await make({ name: 'd', scopes: ['bid'] })).status).toBe(400)
    await revoke('b')
    expect((await make({ name: 'd', scopes: ['bid'] })).status).toBe(200)
    const made = (await list()).filter(({ source }: { source: string }) => source === 'api')
    expect(made.map(({ name }: { name: string }) => name)).toEqual(['a', 'c', 'a@7', 'd'])
  })

  it('is audited: who made, changed and revoked it, and why', async () => {
    const { make, revoke, send, get } = await started()
    await make({ name: 'ml', scopes: ['bid'], reason: 'a new model' })
    await send('PATCH', '/v1/keys/ml', { expiresAt: '2100-01-01T00:00:00Z' }, as('k-ops'))
    await revoke('ml?reason=lost')
    const { entries } = (await get('/v1/audit?target=key:ml', as('k-ops'))).body
    expect(entries).toMatchObject([
      { action: 'key.revoked', caller: 'ops', reason: 'lost', outcome: 'done' },
      { action: 'key.changed', to: { expiresAt: '2100-01-01T00:00:00.000Z' } },
      { action: 'key.made', to: { scopes: ['bid'] }, reason: 'a new model' },
    ])
  })

  it('has its own rights also where no key is needed, and none once keys are needed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bidwarden-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const kept = { STORE: 'sqlite', DATA_DIR: folder }
    const open = await startHarness(kept)
    const { key } = (await open.send('POST', '/v1/keys', { name: 'ml', scopes: ['bid'] })).body
    expect((await open.get('/v1/budgets', as(key))).status).toBe(403)
    expect((await open.get('/v1/budgets')).status).toBe(200)
    await open.service.stop()
    // Anybody on this machine may have made it.
    const closed = await startHarness({ ...KEYS, ...kept })
    expect((await closed.bid({ bidAmount: 1 }, as(key))).status).toBe(401)
    expect((await closed.get('/v1/keys', as('k-ops'))).body.keys).toHaveLength(3)
  })

  it('outlives the process, as does that it was revoked', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bidwarden-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const kept = { STORE: 'sqlite', DATA_DIR: folder }
    const first = await started(kept)
    const [stays, goes] = [
      (await first.make({ name: 'stays', scopes: ['read'], organisation: 9 })).body.key,
      (await first.make({ name: 'goes', scopes: ['read'] })).body.key,
    ]
    await first.revoke('goes')
    await first.service.stop()
    const second = await started(kept)
    expect((await second.get('/v1/budgets/org:9', as(stays))).status).toBe(200)
    expect((await second.get('/v1/budgets', as(goes))).status).toBe(401)
    expect((await second.list()).slice(3)).toMatchObject([{ state: 'revoked' }, { state: 'valid' }])
  })
})

describe('keys that several processes share', () => {
  const send = (at: Started, method: string, path: string, body?: object) =>
    at.send(method, path, body, as('k-ops'))
  const make = async (at: Started, name: string) =>
    (await send(at, 'POST', '/v1/keys', { name, scopes: ['read'] })).body.key
  const statusAt = async ({ send }: Started, key: string) =>
    (await send('GET', '/v1/budgets', undefined, as(key))).status
  async function redis() {
    const server = await startRedis()
    onTestFinished(() => server.close())
    return server
  }
  const startAt = (url: string) => startOn(temporaryDirectory(), { ...KEYS, REDIS_URL: url })

  it('are let in by others within seconds, and no more once they are revoked', async () => {
    const { url } = await redis()
    const [one, other] = [await startAt(url), await startAt(url)]
    const key = await make(one, 'ml')
    await expect.poll(() => statusAt(other, key), TRIES).toBe(200)
    expect((await send(other, 'POST', '/v1/keys', { name: 'ml', scopes: ['bid'] })).status).toBe(400)
    expect((await send(other, 'DELETE', '/v1/keys/ml')).status).toBe(200)
    expect(await statusAt(other, key)).toBe(401)
    await expect.poll(() => statusAt(one, key), TRIES).toBe(401)
    // Another one of that name is another key: the old one stays outside.
    const next = await make(one, 'ml')
    await expect.poll(() => statusAt(other, next), TRIES).toBe(200)
    expect(await statusAt(other, key)).toBe(401)
  })

  it('stay revoked where that could not be kept, and where it was lost', async () => {
    const server = await redis()
    const proxy = await startProxy(server.port)
    onTestFinished(() => proxy.close())
    const one = await startAt(`redis://127.0.0.1:${proxy.port}`)
    const other = await startAt(server.url)
    const key = await make(one, 'ml')
    await expect.poll(() => statusAt(other, key), TRIES).toBe(200)
    const client = new Redis(server.url)
    onTestFinished(() => client.disconnect())
    const before = (await client.hget('bidwarden:api_keys', 'ml')) ?? ''
    await proxy.refuse()
    const revoke = async () => (await send(one, 'DELETE', '/v1/keys/ml')).status
    expect([await revoke(), await revoke()]).toEqual([503, 503])
    expect(await statusAt(one, key)).toBe(401)
    await proxy.accept()
    await expect.poll(() => statusAt(other, key), TRIES).toBe(401)

    // As a replica that takes over without the last writes.
    await client.hset('bidwarden:api_keys', 'ml', before)
    await client.hincrby('bidwarden:api_keys', '', 1)
    await expect.poll(() => client.hget('bidwarden:api_keys', 'ml'), TRIES).toContain('revokedAtMs')
    for (const at of [one, other]) expect(await statusAt(at, key)).toBe(401)
  })

  it('have budgets that are one for both, whoever makes the key, changes its limits or revokes it', async () => {
    const { url } = await redis()
    const [one, other] = [await startAt(url), await startAt(url)]
    const budget = { limits: [{ kind: 'lifetime', max: 15 }] }
    const paid = (await send(other, 'POST', '/v1/keys', { name: 'paid', scopes: ['bid'], budget })).body.key
    const bidAt = ({ send }: Started) => send('POST', '/v1/bids', BID, as(paid))
    await send(one, 'POST', '/v1/store/trust', {})
    await expect.poll(async () => (await bidAt(one)).status, TRIES).toBe(200)
    const refused = { status: 429, body: { code: 'budget_exceeded', scope: 'key:paid' } }
    await expect.poll(() => bidAt(other), TRIES).toMatchObject(refused)
    const raised = { limits: [{ kind: 'lifetime', max: 20 }] }
    expect((await send(other, 'PUT', '/v1/budgets/key:paid', raised)).status).toBe(200)
    await expect.poll(async () => (await bidAt(one)).status, TRIES).toBe(200)
    await send(one, 'DELETE', '/v1/keys/paid')
    for (const at of [one, other])
      await expect.poll(async () => (await send(at, 'GET', '/v1/budgets/key:paid')).status, TRIES).toBe(404)
  })
})
