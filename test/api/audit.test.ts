import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { RecordsUnavailable } from '../../src/storage/index.ts'
import { type Harness, startHarness } from '../support/harness.ts'
import { startReads } from '../support/reads.ts'

const entry = (name: string, scopes: string) => `${name}:${scopes}:${hashKey(`k-${name}`).toString('hex')}`
const as = (name: string) => ({ authorization: `Bearer k-${name}` })
const KEYS = [entry('ops', 'admin'), entry('seven@7', 'admin'), entry('ml', 'bid')].join(',')

const LIMITS = [{ kind: 'sliding', windowSeconds: 600, max: 500 }]
const CAMPAIGN = {
  seat: 'example',
  advertiserDomain: 'advertiser.example',
  price: { cpmPerLtv: 0.05, minCpm: 5, maxCpm: 50 },
  creatives: [
    { id: 'a', type: 'banner', sizes: [{ w: 300, h: 250 }], markup: `<b>${'x'.repeat(2_000)}</b>` },
  ],
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

async function entries({ get }: Pick<Harness, 'get'>, query = '', headers: Record<string, string> = {}) {
  const { status, body } = await get(`/v1/audit${query}`, headers)
  if (status !== 200) throw new Error(JSON.stringify(body))
  return body.entries
}

describe('GET /v1/audit', () => {
  it('has every change with who made it, old and new value in units, and why', async () => {
    const harness = await startHarness({ API_KEYS: KEYS })
    const ops = as('ops')
    const send = (method: string, path: string, body?: unknown) => harness.send(method, path, body, ops)
    const limits = [{ kind: 'sliding', windowSeconds: 600, max: 750.5 }]
    await send('PUT', '/v1/budgets/platform:meta', { limits, reason: 'more demand' })
    await send('POST', '/v1/budgets/platform:meta/pause', { reason: 'a look' })
    await send('POST', '/v1/budgets/platform:meta/resume?reason=looked', {})
    await send('POST', '/v1/kill-switch', { engaged: true, reason: 'fire' })
    await send('POST', '/v1/kill-switch', { engaged: false })
    await send('PUT', '/v1/campaigns/summer?reason=new', CAMPAIGN)
    await send('PUT', '/v1/campaigns/summer', {
      ...CAMPAIGN,
      price: { cpmPerLtv: 0.1, minCpm: 5, maxCpm: 50 },
    })
    await send('DELETE', '/v1/campaigns/summer')
    const rows = [12, 30].map((predictedLtv, i) => ({ userId: `u${i}`, idType: 'user', predictedLtv }))
    await harness.send('PUT', '/v1/ltv', { rows }, as('ml'))
    await harness.send('DELETE', '/v1/ltv/user/u1', undefined, as('ml'))
    await send('POST', '/v1/store/trust', { reason: 'compared' })
    const all = (await entries(harness, '', ops)).reverse()

    expect(all.map((one: Record<string, unknown>) => [one['action'], one['target'], one['caller']])).toEqual([
      ['limits.set', 'platform:meta', 'ops'],
      ['budget.paused', 'platform:meta', 'ops'],
      ['budget.resumed', 'platform:meta', 'ops'],
      ['kill_switch.engaged', 'global', 'ops'],
      ['kill_switch.released', 'global', 'ops'],
      ['campaign.stored', 'summer', 'ops'],
      ['campaign.stored', 'summer', 'ops'],
      ['campaign.deleted', 'summer', 'ops'],
      ['ltv.stored', 'predictions', 'ml'],
      ['ltv.deleted', 'predictions', 'ml'],
      ['store.trusted', 'store', 'ops'],
    ])
    expect(all[0]).toEqual({
      id: expect.any(String),
      at: '2026-11-20T12:00:00.000Z',
      ...{ caller: 'ops', organisation: 1, action: 'limits.set', target: 'platform:meta', outcome: 'done' },
      from: { currency: 'USD', limits: [{ ...LIMITS[0], max: 400 }] },
      to: { currency: 'USD', limits },
      reason: 'more demand',
    })
    expect(all[1]).toMatchObject({ from: { paused: false }, to: { paused: true }, reason: 'a look' })
    expect(all[2]).toMatchObject({ from: { paused: true, reason: 'a look' }, reason: 'looked' })
    expect(all[3]).toMatchObject({ from: { engaged: false }, to: { engaged: true }, reason: 'fire' })
    // Of a long value its length and first part; of a campaign that is changed only what is changed.
    expect(all[5].to).toMatchObject({ seat: 'example', creatives: { bytes: expect.any(Number) } })
    expect(all[6]).toMatchObject({
      from: { price: { cpmPerLtv: 0.05, minCpm: 5, maxCpm: 50 } },
      to: { price: { cpmPerLtv: 0.1, minCpm: 5, maxCpm: 50 } },
    })
    expect(Object.keys(all[6].to)).toEqual(['price'])
    expect(all[8].to).toEqual({ rows: 2, lowestLtv: 12, highestLtv: 30 })
    expect(JSON.stringify(all)).not.toContain('u1')
    const logged = harness.logged.filter(({ msg }) => msg === 'changed')
    expect(logged).toHaveLength(11)
    expect(logged[0]).toMatchObject({ action: 'limits.set', caller: 'ops', reason: 'more demand' })
  })

  it('has what differs within a long campaign, old and new', async () => {
    const harness = await startHarness()
    const creatives = ['a', 'b', 'c'].map((id) => ({ ...CAMPAIGN.creatives[0], id }))
    const deny = Array.from({ length: 300 }, (_, i) => `site-${i}.example`)
    const campaign = { ...CAMPAIGN, creatives, targeting: { domains: { deny } } }
    await harness.send('PUT', '/v1/campaigns/long', campaign)
    const [first, ...others] = creatives
    await harness.send('PUT', '/v1/campaigns/long', {
      ...campaign,
      targeting: { domains: { deny: [...deny.slice(1), 'worse.example'] } },
      creatives: [{ ...first, markup: first?.markup?.replace('</b>', '!</b>') }, ...others],
    })
    expect(await entries(harness, '?limit=1')).toMatchObject([
      {
        from: {
          'targeting.domains.deny[…]': ['site-0.example'],
          'creatives.a.markup': { part: `…${'x'.repeat(16)}</b>`, bytes: 2_007 },
        },
        to: {
          'targeting.domains.deny[…]': ['worse.example'],
          'creatives.a.markup': { part: `…${'x'.repeat(16)}!</b>`, bytes: 2_008 },
        },
      },
    ])
  })

  it.each<[title: string, reason: unknown, kept: string | undefined]>([
    ['that is long', 'y'.repeat(10_240), 'y'.repeat(500)],
    ['that is empty', '', undefined],
    ['that is null', null, undefined],
  ])('has a change with a reason %s, which is made all the same', async (_title, reason, kept) => {
    const harness = await startHarness()
    const { send } = harness
    const scope = '/v1/budgets/platform:meta'
    expect((await send('POST', `${scope}/pause`, { reason })).status).toBe(200)
    expect((await send('PUT', scope, { limits: LIMITS, reason })).status).toBe(200)
    expect((await send('POST', '/v1/kill-switch', { engaged: true, reason })).status).toBe(200)
    const reasons = (await entries(harness)).map((one: { reason?: string }) => one.reason)
    expect(reasons).toEqual([kept, kept, kept])
  })

  it('has the reason of every call that changes something, from its body or its address', async () => {
    const harness = await startHarness()
    const rows = [{ userId: 'u', idType: 'user', predictedLtv: 12 }]
    const ttd = { connector_type: 'TTD', api_key: 'sandbox-ttd-auth' }
    const meta = { pixel_id: '1234567890123456', access_token: 'EAAsandbox-conversions' }
    const send = async (method: string, path: string, body: object | undefined) => {
      const { status, body: answer } = await harness.send(method, path, body)
      expect(status, `${method} ${path}: ${JSON.stringify(answer)}`).toBe(200)
      return answer
    }
    const calls = async (say: (method: string, path: string, body?: object) => Promise<{ id: string }>) => {
      await say('PUT', '/v1/campaigns/summer', CAMPAIGN)
      await say('DELETE', '/v1/campaigns/summer')
      await say('PUT', '/v1/ltv', { rows })
      await say('DELETE', '/v1/ltv/user/u')
      await say('PUT', '/v1/budgets/campaign:meta:c', { limits: LIMITS })
      await say('DELETE', '/v1/budgets/campaign:meta:c')
      const { id } = await say('POST', '/api/v1/connectors', ttd)
      await say('PUT', `/api/v1/connectors/${id}/schedule`, { cron: '0 6 * * *' })
      await say('DELETE', `/api/v1/connectors/${id}`)
      const social = await say('POST', '/api/v1/integrations', {
        provider: 'META',
        accessToken: 'EAAsandbox',
      })
      await say('PUT', `/api/v1/connectors/${social.id}/webhook`, { secret: 'x'.repeat(40) })
      await say('DELETE', `/api/v1/integrations/${social.id}`)
      await say('PUT', '/api/v1/conversions/connections/meta', { credentials: meta })
      await say('DELETE', '/api/v1/conversions/connections/meta')
    }
    let said = 0
    await calls((method, path, body) => send(method, path, { ...body, reason: `body ${said++}` }))
    await calls((method, path, body) => send(method, `${path}?reason=address%20${said++}`, body))
    await harness.send('PUT', '/v1/campaigns/summer', CAMPAIGN)
    // What stops something is not refused for a body that says nothing.
    for (const body of ['no JSON', '[]', '{"reason":1}', '{"colour":"red"}']) {
      expect((await harness.send('DELETE', '/v1/campaigns/summer', body)).status).toBe(200)
      await harness.send('PUT', '/v1/campaigns/summer', CAMPAIGN)
    }
    const all = (await entries(harness, '?limit=1000')).reverse()
    const reasons = all.map(({ reason }: { reason?: string }) => reason)
    expect(reasons.slice(0, said)).toEqual(
      Array.from({ length: said }, (_, i) => `${i < said / 2 ? 'body' : 'address'} ${i}`),
    )
    expect(reasons.slice(said).filter((one: unknown) => one !== undefined)).toEqual([])
    expect((await harness.get('/v1/campaigns/summer')).body).not.toHaveProperty('reason')
  })

  it('is asked by page, action, target, caller and time', async () => {
    const harness = await startHarness()
    for (const platform of ['meta', 'google_ads', 'tradedesk', 'meta']) {
      await harness.send('POST', `/v1/budgets/platform:${platform}/pause`)
      harness.clock.advance(1_000)
    }
    const targets = async (query: string) =>
      (await entries(harness, query)).map(({ target }: { target: string }) => target.slice(9))
    expect(await targets('?target=platform:meta')).toEqual(['meta', 'meta'])
    expect(await targets('?action=budget.resumed')).toEqual([])
    expect(await targets('?caller=local&limit=1')).toEqual(['meta'])
    expect(await targets('?caller=somebody')).toEqual([])
    expect(await targets('?from=2026-11-20T12:00:01Z&to=2026-11-20T12:00:03Z')).toEqual([
      'tradedesk',
      'google_ads',
    ])
    const { body } = await harness.get('/v1/audit?limit=3')
    expect(body.entries).toHaveLength(3)
    expect(await targets(`?limit=3&cursor=${body.next}`)).toEqual(['meta'])
    expect((await harness.get(`/v1/audit?cursor=${body.next}`)).body.next).toBeUndefined()
    for (const wrong of ['action=x', 'from=yesterday', 'limit=0'])
      expect((await harness.get(`/v1/audit?${wrong}`)).status).toBe(400)
  })

  it('shows an organisation what its own keys have changed, and the operator what all have', async () => {
    const harness = await startHarness({ API_KEYS: KEYS })
    await harness.send('PUT', '/v1/campaigns/a', CAMPAIGN, as('ops'))
    await harness.send('PUT', '/v1/campaigns/a', CAMPAIGN, as('seven@7'))
    expect(await entries(harness, '', as('seven@7'))).toMatchObject([
      { caller: 'seven', organisation: 7, target: 'a' },
    ])
    expect(await entries(harness, '?target=a', as('seven@7'))).toHaveLength(1)
    expect(await entries(harness, '?organisation=1', as('seven@7'))).toMatchObject([{ organisation: 7 }])
    expect(await entries(harness, '', as('ops'))).toMatchObject([
      { target: 'a@7' },
      { target: 'a', organisation: 1 },
    ])
    expect(await entries(harness, '?organisation=7', as('ops'))).toHaveLength(1)
    expect((await harness.get('/v1/audit', as('ml'))).status).toBe(403)
  })

  it('has changes of connections, without their secrets', async () => {
    const reads = await startReads()
    const id = await reads.connect()
    await reads.send('PUT', `/api/v1/connectors/${id}/schedule`, { cron: '0 6 * * *' })
    await reads.send('PUT', `/api/v1/connectors/${id}/schedule?reason=enough`, { cron: null })
    await reads.send('PUT', `/api/v1/connectors/${id}/schedule`, { cron: 'often' })
    await reads.send('DELETE', `/api/v1/connectors/${id}`)
    const all = await entries(reads)
    expect(all.map(({ action }: { action: string }) => action)).toEqual([
      'connector.disconnected',
      'connector.schedule_set',
      'connector.schedule_set',
      'connector.connected',
    ])
    expect(all[0]).toMatchObject({ target: id, from: { type: 'DV360' } })
    expect(all[1]).toMatchObject({ from: { cron: '0 6 * * *', timezone: 'UTC' }, to: null, reason: 'enough' })
    expect(all[3]).toMatchObject({ target: 'DV360', to: { id, type: 'DV360', status: 'connected' } })
    const text = JSON.stringify([await entries(reads), reads.logged])
    // What the made-up platform hands out.
    expect(text).not.toMatch(/access-|refresh-/)
  })
})

describe('changes', () => {
  it('are there after a restart, and so is what another configuration has changed', async () => {
    const kept = { STORE: 'sqlite', DATA_DIR: folder(), API_KEYS: KEYS }
    const first = await startHarness(kept)
    await first.send('POST', '/v1/budgets/platform:meta/pause', { reason: 'a look' }, as('ops'))
    expect(await entries(first, '', as('ops'))).toHaveLength(1)
    await first.service.stop()

    const changed = {
      ...kept,
      META_BUDGET: '900',
      API_KEYS: `${entry('ops', 'admin')},${entry('new', 'read')}`,
    }
    const second = await startHarness(changed)
    const all = await entries(second, '', as('ops'))
    expect(all.at(-1)).toMatchObject({ action: 'budget.paused', reason: 'a look' })
    expect(
      all
        .slice(0, -1)
        .map(({ caller, action, target, from, to }: Record<string, never>) => [
          caller,
          action,
          target,
          from,
          to,
        ]),
    ).toEqual(
      expect.arrayContaining([
        [
          ...['configuration', 'configuration.changed', 'platform:meta'],
          { currency: 'USD', limits: [{ ...LIMITS[0], max: 400 }] },
          { currency: 'USD', limits: [{ ...LIMITS[0], max: 900 }] },
        ],
        [
          ...['configuration', 'configuration.changed', 'key:new', undefined],
          [{ scopes: ['read'], sha256: hashKey('k-new').toString('hex').slice(0, 12) }],
        ],
        ['configuration', 'configuration.changed', 'key:ml', expect.anything(), undefined],
        ['configuration', 'configuration.changed', 'key:seven@7', expect.anything(), undefined],
      ]),
    )
    expect(all).toHaveLength(5)
    await second.service.stop()
    // The same configuration changes nothing.
    expect(await entries(await startHarness(changed), '', as('ops'))).toHaveLength(5)
  })

  it('that let more be spent are not made where they cannot be kept, and those that lower risk are', async () => {
    const harness = await startHarness({ STORE: 'sqlite' })
    const { records } = harness.service.agent
    const { append } = records
    let isFull = true
    records.append = (rows) =>
      isFull ? Promise.reject(new RecordsUnavailable('full')) : append.call(records, rows)
    Object.defineProperty(records, 'state', {
      get: () => (isFull ? { is: 'away', detail: 'full' } : { is: 'open' }),
    })
    const put = (path: string, body: unknown) => harness.send('PUT', path, body)
    const limits = (max: number) => ({ limits: [{ kind: 'sliding', windowSeconds: 600, max }] })
    for (const [method, path, body] of [
      ['PUT', '/v1/budgets/platform:meta', limits(401)],
      ['PUT', '/v1/budgets/platform:meta', { limits: [] }],
      [
        'PUT',
        '/v1/budgets/platform:openrtb',
        { ...limits(500), holdMode: { is: 'bounded', maxOverspendProbability: 0.01 } },
      ],
      ['PUT', '/v1/campaigns/new', CAMPAIGN],
      ['PUT', '/v1/ltv', { rows: [{ userId: 'u', idType: 'user', predictedLtv: 1 }] }],
      ['POST', '/v1/kill-switch', { engaged: false }],
      ['POST', '/v1/store/trust', {}],
      ['POST', '/v1/budgets/platform:meta/resume', {}],
    ] as const)
      expect(await harness.send(method, path, body), path).toMatchObject({
        status: 503,
        body: { code: 'records_unavailable', detail: expect.stringContaining('so it is not made') },
      })
    expect((await harness.get('/v1/budgets/platform:meta')).body.limits).toMatchObject([{ max: 400 }])

    expect((await put('/v1/budgets/platform:meta', limits(300))).status).toBe(200)
    expect((await harness.send('POST', '/v1/budgets/platform:google_ads/pause')).status).toBe(200)
    expect((await harness.send('POST', '/v1/kill-switch', { engaged: true })).status).toBe(200)
    expect((await harness.get('/v1/budgets/platform:meta')).body.limits).toMatchObject([{ max: 300 }])
    expect(harness.logged.filter(({ msg }) => msg === 'a change cannot be recorded now')).toHaveLength(3)

    isFull = false
    harness.clock.advance(1_000)
    await expect
      .poll(async () => (await entries(harness)).map(({ action }: { action: string }) => action))
      .toEqual(['kill_switch.engaged', 'budget.paused', 'limits.set'])
  })

  it('that fail say so', async () => {
    const harness = await startHarness({ STORE: 'sqlite' })
    const { budget } = harness.service.agent
    budget.settled = async () => {
      throw new Error('an error nobody foresaw')
    }
    const change = { limits: [{ kind: 'sliding', windowSeconds: 600, max: 900 }] }
    expect((await harness.send('PUT', '/v1/budgets/platform:meta', change)).status).toBe(500)
    expect(await entries(harness)).toMatchObject([
      { action: 'limits.set', outcome: 'failed', code: 'internal' },
    ])
  })
})
