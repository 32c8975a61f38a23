import { describe, expect, it } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { parseConfig } from '../../src/config/config.ts'
import { type Reply, startHarness } from '../support/harness.ts'
import { copyOf, startOn, TRIES, temporaryDirectory } from '../support/restarts.ts'

const entry = (name: string, scopes: string) => `${name}:${scopes}:${hashKey(`k-${name}`).toString('hex')}`
const as = (name: string) => ({ authorization: `Bearer k-${name}` })
const KEYS = [
  entry('ml', 'bid+read'),
  entry('ann', 'operate+read+bid'),
  entry('bob', 'operate+read'),
  entry('ops', 'admin'),
  entry('seven@7', 'operate+read+bid'),
  entry('sam@7', 'operate+read'),
  entry('eight@8', 'operate+read'),
].join(',')
const ENFORCED = { global: { mode: 'enforce', bidAbove: 150, limitAbove: 1_000 } }
const environment = (rules: object = ENFORCED, more: Record<string, string> = {}) => ({
  API_KEYS: KEYS,
  APPROVALS: JSON.stringify(rules),
  GOOGLE_ADS_BUDGET: '1000',
  ...more,
})

const start = async (rules?: object, more?: Record<string, string>) => {
  const harness = await startHarness(environment(rules, more))
  const bidAs = (who: string, fields: object = {}, headers: object = {}) =>
    harness.bid({ ...fields }, { ...as(who), ...headers })
  const decide = (id: string, who: string, decision = 'approve') =>
    harness.send('POST', `/v1/approvals/${id}`, { decision, reason: 'looked at it' }, as(who))
  const waiting = async (who = 'bob') =>
    (await harness.get('/v1/approvals?status=pending_approval', as(who))).body.approvals
  const putsOnPlatform = () => harness.sandbox.ledger.applied.filter(({ kind }) => kind !== 'status').length
  const spent = async () => (await harness.get('/v1/budgets/platform:google_ads', as('ops'))).body.limits[0]
  return { ...harness, bidAs, decide, waiting, putsOnPlatform, spent }
}

describe('a bid above a threshold', () => {
  it('waits without a hold, and is placed once another key has approved it', async () => {
    const { bidAs, decide, waiting, spent, get, putsOnPlatform } = await start()
    const asked = await bidAs('ml', { bidAmount: 200 })
    expect(asked).toMatchObject({
      status: 202,
      body: { status: 'pending_approval', approval: { mode: 'enforce', reasons: ['amount'] } },
    })
    const { bidId, approval } = asked.body
    expect(await spent()).toMatchObject({ spent: 0, held: 0 })
    expect(putsOnPlatform()).toBe(0)
    expect(await waiting()).toMatchObject([
      {
        ...{ approvalId: approval.approvalId, kind: 'bid', askedBy: 'ml', bidId },
        ...{ scope: 'campaign:google_ads:c1', to: { bidAmount: 200, currency: 'USD' } },
      },
    ])

    expect(await decide(approval.approvalId, 'ann')).toMatchObject({
      status: 200,
      body: { status: 'applied', decidedBy: 'ann', decisionReason: 'looked at it' },
    })
    expect(await spent()).toMatchObject({ spent: 200, held: 0 })
    expect((await get(`/v1/bids/${bidId}`, as('ann'))).body).toMatchObject({
      status: 'placed',
      approval: { approvalId: approval.approvalId },
      history: [{ status: 'pending_approval' }, { status: 'placed' }],
    })
    expect(await waiting()).toEqual([])
  })

  it('is placed at once below it, and every other bid passes where nothing is set', async () => {
    const { bidAs } = await start()
    expect((await bidAs('ml', { bidAmount: 150 })).body).toMatchObject({ status: 'placed' })
    const free = await startHarness({ GOOGLE_ADS_BUDGET: '1000' })
    const { body } = await free.bid({ bidAmount: 900 })
    expect(body.status).toBe('placed')
    expect(body).not.toHaveProperty('approval')
  })

  it('is not approved by the key that asked for it, nor by a key that this one has made', async () => {
    const { bidAs, decide, send, putsOnPlatform } = await start()
    const { approvalId } = (await bidAs('ops', { bidAmount: 200 })).body.approval
    expect(await decide(approvalId, 'ops')).toMatchObject({ status: 403, body: { code: 'forbidden' } })
    expect(await decide(approvalId, 'ops', 'refuse')).toMatchObject({ status: 403 })
    const make = async (name: string, key: string) => {
      const made = await send(
        'POST',
        '/v1/keys',
        { name, scopes: ['admin'] },
        { authorization: `Bearer ${key}` },
      )
      return made.body.key as string
    }
    const child = await make('child', 'k-ops')
    const grandchild = await make('grandchild', child)
    for (const key of [child, grandchild])
      expect(
        await send(
          'POST',
          `/v1/approvals/${approvalId}`,
          { decision: 'approve' },
          { authorization: `Bearer ${key}` },
        ),
      ).toMatchObject({ status: 403, body: { detail: expect.stringContaining('made by the one') } })
    expect(await decide(approvalId, 'ml')).toMatchObject({ status: 403, body: { code: 'forbidden' } })
    expect(putsOnPlatform()).toBe(0)
    expect(await decide(approvalId, 'bob')).toMatchObject({ status: 200, body: { status: 'applied' } })
  })

  it('is placed once by two approvers at once, and by however many repetitions', async () => {
    const { bidAs, decide, spent } = await start()
    for (let round = 1; round <= 5; round++) {
      const { approvalId } = (await bidAs('ml', { bidAmount: 160, campaignId: `c${round}` })).body.approval
      const answers = await Promise.all(
        ['ann', 'bob', 'ops', 'ann', 'bob', 'ops'].map((who) => decide(approvalId, who)),
      )
      expect(answers.filter(({ status, body }) => status === 200 && body.status === 'applied')).toHaveLength(
        1,
      )
      for (const { status, body } of answers)
        expect(status === 200 || body.code === 'approval_ended', JSON.stringify(body)).toBe(true)
      expect((await spent()).spent).toBe(160 * round)
    }
  })

  it('answers whoever has decided again, and refuses another decision', async () => {
    const { bidAs, decide, spent } = await start()
    const { approvalId } = (await bidAs('ml', { bidAmount: 200 })).body.approval
    const first = await decide(approvalId, 'bob')
    expect(await decide(approvalId, 'bob')).toMatchObject({ status: 200, body: first.body })
    expect(await decide(approvalId, 'bob', 'refuse')).toMatchObject({
      status: 409,
      body: { code: 'approval_ended' },
    })
    expect(await decide(approvalId, 'ann')).toMatchObject({ status: 409 })
    expect((await spent()).spent).toBe(200)
  })

  it('ends as refused, and is listed with who refused it', async () => {
    const { bidAs, decide, get, putsOnPlatform } = await start()
    const { bidId, approval } = (await bidAs('ml', { bidAmount: 200 })).body
    expect(await decide(approval.approvalId, 'bob', 'refuse')).toMatchObject({
      body: { status: 'refused', decidedBy: 'bob' },
    })
    expect((await get(`/v1/bids/${bidId}`, as('ops'))).body).toMatchObject({
      status: 'refused',
      code: 'approval_refused',
    })
    expect(await decide(approval.approvalId, 'ann')).toMatchObject({ status: 409 })
    expect(putsOnPlatform()).toBe(0)
  })

  it('expires, and cannot be approved after that, also where nobody has looked at it yet', async () => {
    const { bidAs, decide, clock, get, putsOnPlatform } = await start(undefined, {
      APPROVALS_WAIT_SECONDS: '60',
    })
    const { bidId, approval } = (await bidAs('ml', { bidAmount: 200 })).body
    await clock.advance(59_999)
    expect((await get(`/v1/approvals/${approval.approvalId}`, as('bob'))).body.status).toBe(
      'pending_approval',
    )
    await clock.advance(1)
    expect(await decide(approval.approvalId, 'bob')).toMatchObject({
      status: 409,
      body: { code: 'approval_ended', detail: expect.stringContaining('expired') },
    })
    expect((await get(`/v1/bids/${bidId}`, as('bob'))).body.status).toBe('expired')
    expect(putsOnPlatform()).toBe(0)
    const other = (await bidAs('ml', { bidAmount: 200 })).body.approval
    await clock.advance(62_000)
    expect((await get(`/v1/approvals/${other.approvalId}`, as('bob'))).body.status).toBe('expired')
  })

  it('is checked again when it is applied: budget, pause, kill switch, breaker', async () => {
    const { bidAs, decide, send, get, sandbox } = await start()
    const ask = async (fields: object = {}) =>
      (await bidAs('ml', { bidAmount: 200, ...fields })).body.approval.approvalId as string
    const outcome = async (id: string) => (await decide(id, 'bob')).body

    const poor = await ask()
    const stopped = await ask({ campaignId: 'c2' })
    const { limits } = (await get('/v1/budgets/platform:google_ads', as('ops'))).body
    const low = limits.map(({ kind, windowSeconds }: Reply['body']) => ({ kind, windowSeconds, max: 199 }))
    await send('PUT', '/v1/budgets/platform:google_ads', { limits: low }, as('ops'))
    expect(await outcome(poor)).toMatchObject({ status: 'not_applied', code: 'budget_exceeded' })

    const paused = await ask({ platform: 'meta' })
    await send('POST', '/v1/budgets/platform:meta/pause', { reason: 'no' }, as('ops'))
    expect(await outcome(paused)).toMatchObject({ status: 'not_applied', code: 'paused' })

    const failing = await ask({ platform: 'tradedesk' })
    sandbox.faults.add({ platform: 'tradedesk', times: 3, fault: { is: 'http', status: 500 } })
    for (let i = 0; i < 3; i++) await bidAs('ml', { platform: 'tradedesk', bidAmount: 1 })
    expect(await outcome(failing)).toMatchObject({ status: 'not_applied', code: 'platform_unavailable' })

    await send('POST', '/v1/kill-switch', { engaged: true }, as('ops'))
    expect(await outcome(stopped)).toMatchObject({ status: 'not_applied', code: 'paused' })
    expect(sandbox.ledger.applied.filter(({ kind }) => kind !== 'status')).toEqual([])
  })

  it('is refused at once, and asks nobody, where its budget would refuse it anyway', async () => {
    const { bidAs, waiting } = await start()
    expect(await bidAs('ml', { bidAmount: 1_000, predictedLtv: 5_000, platform: 'meta' })).toMatchObject({
      status: 429,
      body: { code: 'budget_exceeded' },
    })
    expect(await waiting()).toEqual([])
  })

  it('is not placed once the key that asked is revoked', async () => {
    const { bid, send, decide, putsOnPlatform } = await start()
    const made = await send('POST', '/v1/keys', { name: 'gone', scopes: ['bid'] }, as('ops'))
    const { approvalId } = (await bid({ bidAmount: 200 }, { authorization: `Bearer ${made.body.key}` })).body
      .approval
    await send('DELETE', '/v1/keys/gone', undefined, as('ops'))
    expect(await decide(approvalId, 'bob')).toMatchObject({ status: 409, body: { code: 'approval_ended' } })
    expect(putsOnPlatform()).toBe(0)
  })

  it('gets the same answer for the same idempotency key, before and after it is approved, and one approval', async () => {
    const { bidAs, decide, waiting, spent } = await start()
    const key = { 'idempotency-key': 'one' }
    const first = await bidAs('ml', { bidAmount: 200 }, key)
    const again = await bidAs('ml', { bidAmount: 200 }, key)
    expect(again).toMatchObject({ status: 202, body: first.body })
    expect(await waiting()).toHaveLength(1)
    await decide(first.body.approval.approvalId, 'bob')
    expect((await bidAs('ml', { bidAmount: 200 }, key)).body).toEqual(first.body)
    expect((await spent()).spent).toBe(200)
  })

  it('is told in a dry run and in a batch', async () => {
    const { bidAs, send } = await start()
    expect((await bidAs('ml', { bidAmount: 200, dryRun: true })).body).toMatchObject({
      status: 'dry_run',
      approval: { mode: 'enforce', reasons: ['amount'] },
    })
    const bids = [100, 200].map((bidAmount) => ({
      ...{ customerId: 'c', campaignId: 'b', platform: 'google_ads', predictedLtv: 900, bidAmount },
    }))
    const { results } = (await send('POST', '/v1/bids/batch', { bids }, as('ml'))).body
    expect(results.map(({ status }: Reply['body']) => status)).toEqual(['placed', 'pending_approval'])
  })
})

describe('what is usual', () => {
  it('makes a bid wait that is more than 8 times the median of its campaign: a digit too many', async () => {
    const { bidAs } = await start({ 'platform:google_ads': { mode: 'enforce' } })
    const status = async (bidAmount: number, campaignId = 'c1') =>
      (await bidAs('ml', { bidAmount, campaignId })).body
    for (const amount of [9, 10, 11, 10]) expect((await status(amount)).status).toBe('placed')
    // Four bids do not say what is usual.
    expect((await status(100, 'other')).status).toBe('placed')
    expect((await status(10)).status).toBe('placed')
    expect((await status(80)).status).toBe('placed')
    expect(await status(80.01)).toMatchObject({
      status: 'pending_approval',
      approval: { reasons: ['digit_slip'] },
    })
    expect((await status(81, 'other')).status).toBe('placed')
  })

  it('has a number of its own, and is known again after a restart', async () => {
    const directory = temporaryDirectory()
    const rules = environment({ global: { mode: 'enforce', timesUsual: 3 } })
    const first = await startOn(directory, rules)
    const place = (service: typeof first, bidAmount: number) =>
      service.send('POST', '/v1/bids', { ...BIDDEN, bidAmount }, as('ml'))
    for (let i = 0; i < 5; i++) expect((await place(first, 10)).body.status).toBe('placed')
    expect((await place(first, 31)).body.approval.reasons).toEqual(['times_usual'])
    const again = await startOn(copyOf(directory), rules)
    expect((await place(again, 30)).body.status).toBe('placed')
    expect((await place(again, 81)).body.approval.reasons).toEqual(['times_usual', 'digit_slip'])
  })
})

const BIDDEN = { customerId: 'c', campaignId: 'c1', platform: 'google_ads', predictedLtv: 900 }

describe('the modes', () => {
  it('audit: allows, says nothing, and notes it', async () => {
    const { bidAs, get, send } = await start({ global: { mode: 'audit', bidAbove: 150 } })
    const { status, body } = await bidAs('ml', { bidAmount: 200 })
    expect([status, body.status, 'approval' in body]).toEqual([200, 'placed', false])
    expect((await get(`/v1/bids/${body.bidId}`, as('ops'))).body.approval).toEqual({
      mode: 'audit',
      reasons: ['amount'],
    })
    await send('POST', '/v1/kill-switch', { engaged: true }, as('ops'))
    expect((await send('POST', '/v1/kill-switch', { engaged: false }, as('ops'))).body).toEqual({
      engaged: false,
    })
    const { entries } = (await get('/v1/audit?action=approval.noted', as('ops'))).body
    expect(entries).toMatchObject([
      { caller: 'ops', target: 'global', to: { what: 'kill_switch_release', reasons: ['bidding_resumed'] } },
      { caller: 'ml', target: 'campaign:google_ads:c1', to: { what: 'bid', reasons: ['amount'] } },
    ])
  })

  it('advise: allows, and the answer carries the advice', async () => {
    const { bidAs, send } = await start({ global: { mode: 'advise', bidAbove: 150, limitAbove: 1_000 } })
    expect((await bidAs('ml', { bidAmount: 200 })).body).toMatchObject({
      status: 'placed',
      approval: { mode: 'advise', reasons: ['amount'] },
    })
    const raised = await send(
      'PUT',
      '/v1/budgets/platform:google_ads',
      { limits: [{ kind: 'sliding', windowSeconds: 600, max: 1_001 }] },
      as('ann'),
    )
    expect(raised).toMatchObject({
      status: 200,
      body: { limits: [{ max: 1_001 }], advice: { reasons: ['amount'] } },
    })
  })

  it('takes the strictest of the rules of all budgets that pay', async () => {
    const { bidAs } = await start({
      global: { mode: 'audit', bidAbove: 10 },
      'platform:google_ads': { mode: 'off', bidAbove: 1 },
      'campaign:google_ads:c1': { mode: 'enforce', bidAbove: 100 },
    })
    expect((await bidAs('ml', { bidAmount: 101 })).status).toBe(202)
    expect((await bidAs('ml', { bidAmount: 99 })).status).toBe(200)
    expect((await bidAs('ml', { bidAmount: 101, campaignId: 'c2' })).status).toBe(200)
  })

  it('cannot be enforce where nobody else could approve', () => {
    const rules = JSON.stringify(ENFORCED)
    const wrong = (variables: Record<string, string>) => () => parseConfig({ APPROVALS: rules, ...variables })
    expect(wrong({})).toThrow(/APPROVALS: global has the mode enforce, .*API_KEYS has none/)
    expect(wrong({ API_KEYS: entry('ops', 'admin') })).toThrow(/API_KEYS has 1;/)
    expect(wrong({ API_KEYS: [entry('a', 'bid'), entry('b', 'bid')].join(',') })).toThrow(
      /none with the scope operate/,
    )
    expect(wrong({ API_KEYS: KEYS })).not.toThrow()
    const open = { global: { mode: 'advise', bidAbove: 1 } }
    expect(() => parseConfig({ APPROVALS: JSON.stringify(open) })).not.toThrow()
    expect(() => parseConfig({ APPROVALS: '{"everything":{"mode":"audit"}}' })).toThrow(/APPROVALS/)
    expect(() => parseConfig({ APPROVALS: '{"global":{"mode":"sometimes"}}' })).toThrow(/APPROVALS/)
  })
})

describe('a change that lets more be spent', () => {
  const SCOPE = '/v1/budgets/platform:google_ads'
  const sliding = (max: number) => ({ limits: [{ kind: 'sliding', windowSeconds: 600, max }] })

  it('waits where it raises a limit above the threshold, and is made by the approval; lowering is made at once', async () => {
    const { send, get, decide } = await start()
    const max = async () => (await get(SCOPE, as('ops'))).body.limits[0].max
    expect((await send('PUT', SCOPE, sliding(900), as('ann'))).status).toBe(200)
    expect((await send('PUT', SCOPE, sliding(1_000), as('ann'))).status).toBe(200)
    const asked = await send('PUT', SCOPE, { ...sliding(5_000), reason: 'summer' }, as('ann'))
    expect(asked).toMatchObject({
      status: 202,
      body: {
        ...{ status: 'pending_approval', kind: 'limits', scope: 'platform:google_ads', reason: 'summer' },
        ...{ from: { limits: [{ max: 1_000 }] }, to: { limits: [{ max: 5_000 }] } },
      },
    })
    expect(await max()).toBe(1_000)
    // Who repeats the call asks for the same approval.
    expect((await send('PUT', SCOPE, { ...sliding(5_000), reason: 'summer' }, as('ann'))).body).toEqual(
      asked.body,
    )
    expect(await decide(asked.body.approvalId, 'bob')).toMatchObject({ body: { status: 'applied' } })
    expect(await max()).toBe(5_000)
    const { entries } = (await get('/v1/audit?target=platform:google_ads', as('ops'))).body
    expect(
      entries
        .map(({ action, caller }: Reply['body']) => `${action} ${caller}`)
        .slice(0, 3)
        .sort(),
    ).toEqual(['approval.asked ann', 'approval.given bob', 'limits.set ann'])
  })

  it('waits where it removes a limit, or raises one to more than 8 times what it was', async () => {
    const { send } = await start({ global: { mode: 'enforce' } })
    await send('PUT', SCOPE, sliding(100), as('ann'))
    expect((await send('PUT', SCOPE, sliding(800), as('ann'))).status).toBe(200)
    expect((await send('PUT', SCOPE, sliding(6_401), as('ann'))).body.reasons).toEqual(['digit_slip'])
    expect((await send('PUT', SCOPE, { limits: [] }, as('ann'))).body.reasons).toEqual(['limit_removed'])
    const campaign = '/v1/budgets/campaign:google_ads:c1'
    await send('PUT', campaign, sliding(10), as('ann'))
    expect((await send('DELETE', campaign, undefined, as('ann'))).body).toMatchObject({
      status: 'pending_approval',
      kind: 'budget_removal',
    })
  })

  it('is not made where somebody has changed the budget meanwhile: a lowered limit stays lowered', async () => {
    const { send, get, decide } = await start()
    const { approvalId } = (await send('PUT', SCOPE, sliding(5_000), as('ann'))).body
    await send('PUT', SCOPE, sliding(10), as('ops'))
    expect((await decide(approvalId, 'bob')).body).toMatchObject({
      status: 'not_applied',
      code: 'changed_meanwhile',
    })
    expect((await get(SCOPE, as('ops'))).body.limits).toMatchObject([{ max: 10 }])
  })

  it('waits where it resumes a budget or releases the kill switch; stopping waits for nobody', async () => {
    const { send, get, decide } = await start()
    expect((await send('POST', `${SCOPE}/pause`, { reason: 'page down' }, as('ann'))).status).toBe(200)
    const resume = await send('POST', `${SCOPE}/resume`, {}, as('ann'))
    expect(resume).toMatchObject({ status: 202, body: { kind: 'resume', reasons: ['bidding_resumed'] } })
    expect(
      (await send('POST', '/v1/kill-switch', { engaged: true, reason: 'prices' }, as('ann'))).status,
    ).toBe(200)
    const release = await send('POST', '/v1/kill-switch', { engaged: false }, as('ann'))
    expect(release).toMatchObject({ status: 202, body: { kind: 'kill_switch_release', scope: 'global' } })
    expect((await get('/v1/kill-switch', as('ops'))).body.engaged).toBe(true)

    expect((await decide(release.body.approvalId, 'bob')).body.status).toBe('applied')
    expect((await get('/v1/kill-switch', as('ops'))).body.engaged).toBe(false)
    // Another pause, for another reason, is not what was approved.
    await send('POST', `${SCOPE}/pause`, { reason: 'fraud' }, as('ops'))
    expect((await decide(resume.body.approvalId, 'bob')).body).toMatchObject({ code: 'changed_meanwhile' })
    expect((await get(SCOPE, as('ops'))).body).toMatchObject({ paused: true, pauseReason: 'fraud' })
    expect((await send('POST', '/v1/kill-switch', { engaged: false }, as('ann'))).status).toBe(200)
  })

  it('is not slipped in with a campaign for exchanges', async () => {
    const { send } = await start()
    const spec = (max: number) => ({
      ...{
        seat: 'example',
        advertiserDomain: 'a.example',
        price: { cpmPerLtv: 0.05, minCpm: 5, maxCpm: 50 },
      },
      creatives: [
        {
          id: 'c',
          type: 'banner',
          sizes: [{ w: 300, h: 250 }],
          markup: '<a href="https://a.example/">a</a>',
        },
      ],
      limits: [{ kind: 'lifetime', max }],
    })
    const put = (max: number) => send('PUT', '/v1/campaigns/one', spec(max), as('ann'))
    expect((await put(1_000)).status).toBe(200)
    expect(await put(1_001)).toMatchObject({ status: 403, body: { code: 'forbidden', field: 'limits' } })
    expect((await put(1_000)).status).toBe(200)
    expect((await put(500)).status).toBe(200)
  })
})

describe('organisations', () => {
  it('see and move only what their own keys have asked for; the operator sees all', async () => {
    const { send, get, bid, decide } = await start()
    await send('PUT', '/v1/budgets/campaign:google_ads:c1@7', { limits: [] }, as('ops'))
    const asked = await bid({ bidAmount: 200 }, as('seven@7'))
    await send('POST', '/v1/kill-switch', { engaged: true }, as('ops'))
    const { approvalId } = asked.body.approval
    const operators = (await send('POST', '/v1/kill-switch', { engaged: false }, as('ann'))).body
    const ids = async (who: string) =>
      (await get('/v1/approvals', as(who))).body.approvals.map((one: Reply['body']) => one.approvalId)
    expect(await ids('eight@8')).toEqual([])
    expect(await ids('sam@7')).toEqual([approvalId])
    expect((await ids('ops')).sort()).toEqual([approvalId, operators.approvalId].sort())
    expect((await get(`/v1/approvals/${approvalId}`, as('sam@7'))).body).toMatchObject({
      ...{ scope: 'campaign:google_ads:c1', askedBy: 'seven' },
    })
    for (const [id, who] of [
      [approvalId, 'eight@8'],
      [operators.approvalId, 'sam@7'],
    ]) {
      expect((await get(`/v1/approvals/${id}`, as(who))).status).toBe(404)
      expect(await decide(id, who)).toMatchObject({ status: 404, body: { code: 'not_found' } })
    }
    expect((await decide(operators.approvalId, 'bob')).body.status).toBe('applied')
    expect(await decide(approvalId, 'sam@7')).toMatchObject({ body: { status: 'applied', decidedBy: 'sam' } })
    const second = (await bid({ bidAmount: 200 }, as('seven@7'))).body.approval.approvalId
    expect(await decide(second, 'ops', 'refuse')).toMatchObject({ body: { status: 'refused' } })
    expect((await get(`/v1/approvals/${second}`, as('sam@7'))).body.decidedBy).toBe('operator')
  })
})

describe('how many', () => {
  it('are bounded: of one key, and in all', async () => {
    const { bidAs, send, get } = await start(undefined, {
      TABLE_LIMITS: 'waiting_approvals=20,ended_approvals=3',
    })
    for (let i = 0; i < 2; i++) expect((await bidAs('ml', { bidAmount: 200 })).status).toBe(202)
    expect(await bidAs('ml', { bidAmount: 200 })).toMatchObject({
      status: 429,
      body: { code: 'too_many_approvals', retry: 'later' },
    })
    expect((await bidAs('ann', { bidAmount: 200 })).status).toBe(202)
    const metrics = (await get('/metrics', as('ops'))).body as string
    expect(metrics).toContain('bidwarden_approvals_waiting 3')
    expect(metrics).toContain('bidwarden_approvals_total{kind="bid",event="full"} 1')
    expect(metrics).toContain('bidwarden_table_rows{table="waiting_approvals",when_full="refuses"} 3')
    expect((await send('POST', '/v1/kill-switch', { engaged: true }, as('ml'))).status).toBe(403)
  })

  it('forget the oldest that are over', async () => {
    const { bidAs, decide, get, clock } = await start(undefined, { TABLE_LIMITS: 'ended_approvals=2' })
    const ids: string[] = []
    for (let i = 0; i < 3; i++) {
      const { approvalId } = (await bidAs('ml', { bidAmount: 151 })).body.approval
      ids.push(approvalId)
      await decide(approvalId, 'bob', 'refuse')
      await clock.advance(1_000)
    }
    await clock.advance(1_000)
    const listed = (await get('/v1/approvals', as('bob'))).body.approvals
    expect(listed.map((one: Reply['body']) => one.approvalId)).toEqual([ids[2], ids[1]])
    const page = (await get(`/v1/approvals?limit=1&before=${ids[2]}`, as('bob'))).body.approvals
    expect(page).toMatchObject([{ approvalId: ids[1] }])
    expect((await get(`/v1/approvals?before=${ids[0]}`, as('bob'))).status).toBe(400)
  })
})

describe('after kill -9', () => {
  type Running = Awaited<ReturnType<typeof startOn>>
  const ask = async (service: Running, key?: string) =>
    service.send(
      'POST',
      '/v1/bids',
      { ...BIDDEN, bidAmount: 200 },
      {
        ...as('ml'),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
    )
  const decide = (service: Running, id: string) =>
    service.send('POST', `/v1/approvals/${id}`, { decision: 'approve' }, as('bob'))
  const find = async (service: Running, id: string) =>
    (await service.send('GET', `/v1/approvals/${id}`, undefined, as('bob'))).body

  it('what waits still waits, with its idempotency key, and is placed once', async () => {
    const directory = temporaryDirectory()
    const first = await startOn(directory, environment())
    const asked = await ask(first, 'one')
    const again = await startOn(copyOf(directory), environment())
    const { approvalId } = asked.body.approval
    expect(await find(again, approvalId)).toMatchObject({ status: 'pending_approval' })
    expect((await ask(again, 'one')).body).toEqual(asked.body)
    expect((await decide(again, approvalId)).body.status).toBe('applied')
    expect(again.calls()).toBeGreaterThan(0)
    const bid = await again.send('GET', `/v1/bids/${asked.body.bidId}`, undefined, as('bob'))
    expect(bid.body.status).toBe('placed')
  })

  it('in the middle of placing it, nothing is sent again, and the money counts as spent', async () => {
    const directory = temporaryDirectory()
    const first = await startOn(directory, environment())
    const { approvalId } = (await ask(first)).body.approval
    first.sandbox.faults.add({ platform: 'google_ads', path: 'mutate', fault: { is: 'hold' } })
    const deciding = decide(first, approvalId)
    await first.sandbox.faults.whenHeld(1)
    const again = await startOn(copyOf(directory), environment())
    first.sandbox.faults.release()
    await deciding
    await expect.poll(async () => (await find(again, approvalId)).status, TRIES).toBe('interrupted')
    expect((await decide(again, approvalId)).body.status).toBe('interrupted')
    const other = { decision: 'approve' }
    expect(await again.send('POST', `/v1/approvals/${approvalId}`, other, as('ann'))).toMatchObject({
      status: 409,
      body: { code: 'approval_ended' },
    })
    expect(again.calls()).toBe(0)
    const budget = await again.send('GET', '/v1/budgets/platform:google_ads', undefined, as('bob'))
    const { limits, forfeited } = budget.body
    expect(limits[0].spent + (forfeited?.amount ?? 0)).toBe(200)
  })
})
