import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { type Reply, startHarness } from '../support/harness.ts'

const entry = (name: string, scopes: string) =>
  `${name}:${scopes}:${hashKey(secretOf(name, scopes)).toString('hex')}`
const secretOf = (name: string, scopes: string) => `k-${name}-${scopes}`
const as = (name: string, scopes = 'admin') => ({ authorization: `Bearer ${secretOf(name, scopes)}` })

const SCOPES = ['bid', 'read', 'operate', 'connect', 'convert', 'premium']
/** A key with every scope but one. */
const without = (scope: string) => SCOPES.filter((one) => one !== scope).join('+')
const KEYS = [
  entry('ops', 'admin'),
  entry('seven@7', 'admin'),
  entry('eight@8', 'admin'),
  entry('part', without('admin')),
  entry('part@7', without('admin')),
  ...SCOPES.map((scope) => entry('part', without(scope))),
  ...SCOPES.map((scope) => entry('part@7', without(scope))),
].join(',')
const SEATS = JSON.stringify([
  { id: 'shared', holdSeconds: 60 },
  { id: 'seat7', org: 7, requireKey: true },
  { id: 'seat8', org: 8, requireKey: true },
])

const start = async () => {
  const harness = await startHarness({ API_KEYS: KEYS, OPENRTB_SEATS: SEATS })
  const put = (path: string, body: unknown, who = 'ops') => harness.send('PUT', path, body, as(who))
  /** What an organisation needs to bid: its campaign on a platform. */
  const give = (campaign: string, max?: number) =>
    put(`/v1/budgets/campaign:google_ads:${campaign}`, {
      limits: max === undefined ? [] : [{ kind: 'lifetime', max }],
    })
  return { ...harness, put, give }
}

const spec = (seat: string, more: object = {}) => ({
  seat,
  advertiserDomain: 'advertiser.example',
  categories: ['IAB22'],
  price: { cpmPerLtv: 0.05, minCpm: 5, maxCpm: 50 },
  creatives: [
    { id: 'c', type: 'banner', sizes: [{ w: 300, h: 250 }], markup: '<a href="https://a.example/">a</a>' },
  ],
  ...more,
})
const request = (more: object = {}) => ({
  id: '1',
  imp: [{ id: '1', banner: { w: 300, h: 250 } }],
  tmax: 200,
  ...more,
})

interface Operation {
  readonly method: string
  readonly path: string
  /** Undefined where no key is asked for. */
  readonly scope: string | undefined
  readonly isOperators: boolean
  readonly example: unknown
}

async function operations(get: (path: string) => Promise<Reply>): Promise<Operation[]> {
  const { paths } = (await get('/openapi.json')).body
  return Object.entries<Record<string, Reply['body']>>(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { description = '', requestBody }]) => {
      const [need, operator, scope = need && 'any'] =
        /Needs an API key( of the operator)?(?: with the scope `(\w+)`)?\./.exec(description) ?? []
      const example = requestBody?.content?.['application/json']?.example
      return { method, path, scope, isOperators: operator !== undefined, example }
    }),
  )
}

describe('every call', () => {
  it('is refused without a key, with a wrong one, with every scope but its own, and what is shared to organisations', async () => {
    const { get, send } = await start()
    const leaks: string[] = []
    const all = await operations(get)
    for (const { method, path, scope, isOperators, example } of all) {
      if (scope === undefined) continue
      const ask = async (headers: Record<string, string>) =>
        (await send(method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'x'), example, headers)).status
      const told = {
        nobody: await ask({}),
        wrong: await ask({ authorization: 'Bearer k-nobody' }),
        ...(scope !== 'any' && {
          smaller: await ask(as('part', without(scope))),
          smallerOf7: await ask(as('part@7', without(scope))),
        }),
        ...(isOperators && { organisation: await ask(as('seven@7')) }),
      }
      const right = {
        nobody: 401,
        wrong: 401,
        ...(scope !== 'any' && { smaller: 403, smallerOf7: 403 }),
        ...(isOperators && { organisation: 403 }),
      }
      if (JSON.stringify(told) !== JSON.stringify(right))
        leaks.push(`${method} ${path} ${JSON.stringify(told)}`)
    }
    expect(leaks).toEqual([])
    expect(all.filter(({ scope }) => scope !== undefined).length).toBeGreaterThan(50)
    expect(all.filter(({ scope }) => scope === undefined).map(({ path }) => path)).toEqual([
      '/v1/session',
      '/v1/session',
      '/v1/session/ways',
      '/openrtb2/{seat}/bid',
      '/openrtb2/notice/{kind}/{token}',
      '/openrtb2/notice/{kind}/{token}',
      '/livez',
      '/readyz',
      '/v1/session/oidc',
      '/v1/session/oidc/callback',
      '/openapi.json',
      '/docs',
      '/api/v1/webhooks/{platform}/{id}',
      '/api/v1/webhooks/{platform}/{id}',
      '/api/v1/conversions/webhooks/whatsapp',
      '/api/v1/conversions/webhooks/whatsapp',
    ])
  })

  it('is in the table of docs/security.md with the scope that it needs', async () => {
    const { get } = await start()
    const rows = (await operations(get))
      .filter(({ scope }) => scope !== undefined)
      .map(({ method, path, scope, isOperators }) => {
        const whose = isOperators
          ? 'operator'
          : /^.(version|api.v1.connectors.types)/.test(path)
            ? 'anybody'
            : 'own'
        return `| \`${method.toUpperCase()} ${path}\` | ${scope === 'any' ? scope : `\`${scope}\``} | ${whose} |`
      })
    const text = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8')
    expect(text.split('\n').filter((line) => /^\| `[A-Z]+ \//.test(line))).toEqual(rows)
  })
})

describe('an organisation', () => {
  it('bids on campaigns that it was given alone, and its own budget pays beside the shared ones', async () => {
    const { bid, get, put, give } = await start()
    expect(await bid({}, as('seven@7'))).toMatchObject({
      status: 403,
      body: { code: 'forbidden', field: 'campaignId' },
    })
    await give('c1@7', 120)
    await put('/v1/budgets/org:7', { limits: [{ kind: 'lifetime', max: 150 }] })
    expect((await bid({ bidAmount: 100 }, as('seven@7'))).body).toMatchObject({
      status: 'placed',
      budget: { limit: 150, spent: 100 },
    })
    // The other organisation was given nothing by this.
    expect((await bid({ bidAmount: 1 }, as('eight@8'))).status).toBe(403)
    const spent = async (scope: string, who = 'ops') =>
      (await get(`/v1/budgets/${scope}`, as(who))).body.limits[0]?.spent
    expect(await spent('campaign:google_ads:c1@7')).toBe(100)
    expect(await spent('campaign:google_ads:c1', 'seven@7')).toBe(100)
    expect(await spent('org:7', 'seven@7')).toBe(100)
    expect(await spent('platform:google_ads')).toBe(100)
    expect(await bid({ bidAmount: 30 }, as('seven@7'))).toMatchObject({
      status: 429,
      body: {
        scope: 'campaign:google_ads:c1',
        amount: 30,
        remaining: 20,
        detail: '30 USD does not fit: campaign:google_ads:c1 has 20 USD left',
      },
    })
    // What the operator bids on the campaign itself is not the organisation's.
    await bid({ bidAmount: 5 }, as('ops'))
    expect(await spent('org:7')).toBe(100)
  })

  it('is told that a shared budget stands in the way, and not what is left of it nor who stopped it why', async () => {
    const { bid, give, send } = await start()
    await give('c1@7')
    const over = await bid({ bidAmount: 501 }, as('seven@7'))
    expect(over).toMatchObject({ status: 429, body: { code: 'budget_exceeded', scope: 'shared' } })
    expect(JSON.stringify(over.body)).not.toMatch(/google_ads|500|remaining/)
    await send('POST', '/v1/budgets/platform:google_ads/pause', { reason: 'eight is late' }, as('ops'))
    expect(await bid({ bidAmount: 1 }, as('seven@7'))).toMatchObject({
      status: 409,
      body: { code: 'paused', scope: 'shared', detail: 'The operator has stopped bidding' },
    })
    const dry = await bid({ bidAmount: 1, platform: 'auto', dryRun: true }, as('seven@7'))
    expect(JSON.stringify(dry.body)).not.toContain('eight is late')
    await send('POST', '/v1/kill-switch', { engaged: true, reason: 'eight again' }, as('ops'))
    expect(JSON.stringify((await bid({ bidAmount: 1 }, as('seven@7'))).body)).not.toContain('eight')
  })

  it('is never given another platform by "auto" than those where it has the campaign', async () => {
    const { bid, put, send } = await start()
    await put('/v1/budgets/campaign:tradedesk:c1@7', { limits: [{ kind: 'lifetime', max: 10 }] })
    await put('/v1/budgets/campaign:google_ads:c1', { limits: [{ kind: 'lifetime', max: 5 }] })
    // Used up: every platform is worth nothing then.
    await put('/v1/budgets/campaign:tradedesk:c1', { limits: [{ kind: 'lifetime', max: 0 }] }, 'seven@7')
    const auto = { platform: 'auto', bidAmount: 10 }
    for (const dryRun of [true, false])
      expect(await bid({ ...auto, dryRun }, as('seven@7'))).toMatchObject({
        status: 429,
        body: { code: 'budget_exceeded', scope: 'campaign:tradedesk:c1' },
      })
    await send('DELETE', '/v1/budgets/campaign:tradedesk:c1@7', undefined, as('ops'))
    expect((await bid(auto, as('seven@7'))).status).toBe(403)
  })

  it('gets no bid placed that waited while the campaign was taken back', async () => {
    const { bid, get, send, give, sandbox, clock } = await start()
    await give('c1@7')
    sandbox.faults.add({ platform: 'google_ads', times: 'always', fault: { is: 'http', status: 503 } })
    let waiting = await bid({ bidAmount: 1 }, as('seven@7'))
    for (let tries = 0; waiting.status !== 202 && tries < 10; tries++)
      waiting = await bid({ bidAmount: 1 }, as('seven@7'))
    expect(waiting.status).toBe(202)
    await send('DELETE', '/v1/budgets/campaign:google_ads:c1@7', undefined, as('ops'))
    sandbox.faults.clear()
    const path = `/v1/bids/${waiting.body.bidId}`
    let ended = await get(path, as('seven@7'))
    for (let seconds = 0; ended.body.status === 'deferred' && seconds < 70; seconds++) {
      clock.advance(1_000)
      ended = await get(path, as('seven@7'))
    }
    expect(ended.body).toMatchObject({ status: 'refused', code: 'forbidden' })
    expect(sandbox.ledger.applied).toEqual([])
  })

  it('sees its bids alone, and the operator sees all', async () => {
    const { bid, get, give } = await start()
    await give('c1@7')
    await give('c1@8')
    const mine = (await bid({ bidAmount: 2 }, as('seven@7'))).body.bidId
    const theirs = (await bid({ bidAmount: 3 }, as('eight@8'))).body.bidId
    const operators = (await bid({ bidAmount: 4 }, as('ops'))).body.bidId
    const listed = async (who: string) =>
      (await get('/v1/bids', as(who))).body.bids.map(({ bidId }: { bidId: string }) => bidId)
    expect(await listed('seven@7')).toEqual([mine])
    expect(await listed('eight@8')).toEqual([theirs])
    expect(await listed('ops')).toEqual([operators, theirs, mine])
    expect((await get(`/v1/bids/${mine}`, as('seven@7'))).body).toMatchObject({
      caller: 'seven@7',
      scopes: ['org:7', 'campaign:google_ads:c1'],
    })
    expect((await get(`/v1/bids/${mine}`, as('seven@7'))).body.remainingBefore).toBeUndefined()
    for (const other of [theirs, operators])
      expect((await get(`/v1/bids/${other}`, as('seven@7'))).status).toBe(404)
  })

  it('learns nothing of the lifetime values that others saw', async () => {
    const { bid, give } = await start()
    await give('c1@7')
    await bid({ predictedLtv: 900, bidAmount: 1 }, as('ops'))
    const blind = { predictedLtv: undefined, bidAmount: undefined }
    expect((await bid(blind, as('seven@7'))).body).toMatchObject({ code: 'no_ltv_history' })
    await bid({ predictedLtv: 30, bidAmount: 1 }, as('seven@7'))
    expect((await bid(blind, as('seven@7'))).body).toMatchObject({ predictedLtv: 30, source: 'fallback' })
    expect((await bid({ ...blind, bidAmount: 1 }, as('ops'))).body).toMatchObject({ predictedLtv: 900 })
  })

  it('sees and changes the budgets of its campaigns, may stop itself, and no more', async () => {
    const { get, put, give, send } = await start()
    await give('c1@7', 50)
    await give('c1@8', 60)
    const listed = (await get('/v1/budgets', as('seven@7'))).body.budgets
    expect(listed.map(({ scope }: { scope: string }) => scope)).toEqual(['org:7', 'campaign:google_ads:c1'])
    const lower = { limits: [{ kind: 'lifetime', max: 10 }] }
    expect((await put('/v1/budgets/campaign:google_ads:c1', lower, 'seven@7')).body).toMatchObject({
      scope: 'campaign:google_ads:c1',
      limits: [{ max: 10 }],
    })
    expect((await get('/v1/budgets/campaign:google_ads:c1@8', as('ops'))).body.limits[0].max).toBe(60)
    expect((await put('/v1/budgets/org:7', { limits: [] }, 'seven@7')).status).toBe(403)
    for (const scope of [
      'global',
      'platform:meta',
      'org:8',
      'campaign:google_ads:c1@8',
      'campaign:google_ads:c2',
    ])
      for (const [method, path] of [
        ['GET', ''],
        ['PUT', ''],
        ['POST', '/pause'],
        ['POST', '/resume'],
      ] as const)
        expect([
          scope,
          method,
          (
            await send(
              method,
              `/v1/budgets/${scope}${path}`,
              method === 'PUT' ? lower : undefined,
              as('seven@7'),
            )
          ).status,
        ]).toEqual([scope, method, 404])
    expect((await send('POST', '/v1/budgets/org:7/pause', undefined, as('seven@7'))).body.paused).toBe(true)
    expect((await send('POST', '/v1/budgets/org:7/resume', undefined, as('seven@7'))).status).toBe(403)
    expect((await send('POST', '/v1/budgets/org:7/resume', undefined, as('ops'))).body.paused).toBe(false)
  })

  it('loses a campaign with its budget', async () => {
    const { bid, give, send } = await start()
    await give('c1@7')
    expect((await bid({ bidAmount: 1 }, as('seven@7'))).status).toBe(200)
    const gone = await send('DELETE', '/v1/budgets/campaign:google_ads:c1@7', undefined, as('ops'))
    expect(gone.status).toBe(200)
    expect((await bid({ bidAmount: 1 }, as('seven@7'))).status).toBe(403)
    expect((await send('DELETE', '/v1/budgets/platform:meta', undefined, as('ops'))).status).toBe(403)
  })

  it('has exchange campaigns of its own, also under an id that another has', async () => {
    const { get, put, send } = await start()
    for (const who of ['seven@7', 'eight@8', 'ops'])
      expect((await put('/v1/campaigns/spring', spec('shared'), who)).body.id).toBe('spring')
    const listed = async (who: string) =>
      (await get('/v1/campaigns', as(who))).body.campaigns.map(({ id }: { id: string }) => id)
    expect(await listed('seven@7')).toEqual(['spring'])
    expect(await listed('ops')).toEqual(['spring', 'spring@7', 'spring@8'])
    expect((await put('/v1/campaigns/spring@8', spec('shared'), 'seven@7')).status).toBe(400)
    expect((await send('DELETE', '/v1/campaigns/spring', undefined, as('seven@7'))).status).toBe(200)
    expect(await listed('ops')).toEqual(['spring', 'spring@8'])
    expect((await get('/v1/campaigns/spring', as('seven@7'))).status).toBe(404)
  })

  it('bids at shared seats and its own, and its budget pays', async () => {
    const { get, put, send } = await start()
    expect((await put('/v1/campaigns/a', spec('seat8'), 'seven@7')).status).toBe(400)
    expect((await put('/v1/campaigns/a', spec('seat7'), 'seven@7')).status).toBe(200)
    await put('/v1/budgets/org:7', { limits: [{ kind: 'lifetime', max: 0.005 }] })
    const ask = (who: string) => send('POST', '/openrtb2/seat7/bid', request(), as(who, 'admin'))
    expect((await ask('eight@8')).status).toBe(403)
    const [bid] = (await ask('seven@7')).body.seatbid[0].bid
    expect(bid.cid).toBe('a@7')
    expect((await get('/v1/budgets/org:7', as('seven@7'))).body.limits[0]).toMatchObject({ held: 0.005 })
    expect((await ask('seven@7')).status).toBe(204)
    const burl = new URL(bid.burl)
    expect((await get(`${burl.pathname}?price=4&cur=USD`)).status).toBe(200)
    expect((await get('/v1/budgets/org:7', as('seven@7'))).body.limits[0]).toMatchObject({
      held: 0.001,
      spent: 0.004,
    })
    expect((await get('/v1/seats/seat7', as('seven@7'))).body.bids).toBe(1)
    for (const seat of ['seat8', 'shared'])
      expect((await get(`/v1/seats/${seat}`, as('seven@7'))).status).toBe(404)
  })

  it('is told why its own campaigns did not bid, and nothing of others', async () => {
    const { put, send } = await start()
    const far = { targeting: { domains: { allow: ['other.example'] } } }
    for (const who of ['seven@7', 'eight@8', 'ops'])
      expect((await put(`/v1/campaigns/${who.slice(0, 3)}`, spec('shared', far), who)).status).toBe(200)
    const told = async (headers: Record<string, string>) => {
      const { body } = await send('POST', '/openrtb2/shared/bid', request({ test: 1 }), headers)
      return Object.keys(body.ext.seatnonbid[0].nonbid[0].ext.bidwarden.campaigns ?? {})
    }
    expect(await told({})).toEqual([])
    expect(await told(as('nobody'))).toEqual([])
    expect(await told(as('seven@7'))).toEqual(['sev@7'])
    expect(await told(as('ops'))).toEqual(['sev@7', 'eig@8', 'ops'])
  })

  it('has predictions of its own, for its own seats', async () => {
    const { get, put, send } = await start()
    const rows = (predictedLtv: number) => ({ rows: [{ userId: 'u', idType: 'user', predictedLtv }] })
    await put('/v1/ltv', rows(400), 'seven@7')
    expect((await get('/v1/ltv/user/u', as('eight@8'))).status).toBe(404)
    expect((await get('/v1/ltv/user/u', as('ops'))).status).toBe(404)
    expect((await send('DELETE', '/v1/ltv/user/u', undefined, as('eight@8'))).status).toBe(404)
    await put('/v1/campaigns/a', spec('seat7'), 'seven@7')
    await put('/v1/campaigns/b', spec('shared'), 'seven@7')
    const source = async (seat: string) => {
      const asked = await send('POST', `/openrtb2/${seat}/bid`, request({ user: { id: 'u' } }), as('seven@7'))
      return asked.body.seatbid[0].bid[0].ext.bidwarden.source
    }
    expect(await source('seat7')).toBe('ai')
    expect(await source('shared')).toBe('fallback')
  })
})
