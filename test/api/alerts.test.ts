import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { ALERT_RULES } from '../../src/agent/operator/alerting/alert-catalog.ts'
import { hashKey } from '../../src/api/index.ts'
import { goOn, type Harness, startHarness } from '../support/harness.ts'

const entry = (name: string, scopes: string) => `${name}:${scopes}:${hashKey(`${name}-key`).toString('hex')}`
const as = (name: string) => ({ authorization: `Bearer ${name}-key` })

/** More than a look: between two steps the service has the time to end one. */
const STEP_SECONDS = 15

/** Lets the service look for so long, a look at a time. */
async function pass({ clock }: Harness, seconds: number): Promise<void> {
  for (let left = seconds; left > 0; left -= STEP_SECONDS) {
    clock.advance(Math.min(left, STEP_SECONDS) * 1_000)
    await goOn()
  }
}

type Shown = { readonly code: string; readonly about: { readonly name: string } }
const codes = async ({ get }: Harness, headers = {}): Promise<string[]> =>
  (await get('/v1/alerts', headers)).body.alerts.map(({ code, about }: Shown) => `${code} ${about.name}`)

describe('GET /v1/alerts', () => {
  it('has nothing while nothing is wrong, and a budget near its end once that has lasted a minute', async () => {
    const harness = await startHarness()
    await pass(harness, 15)
    expect((await harness.get('/v1/alerts')).body).toEqual({ alerts: [], left: 0 })
    await harness.bid({ bidAmount: 425 })
    const atMs = harness.clock.nowMs()
    await pass(harness, 30)
    expect(await codes(harness)).toEqual([])
    await pass(harness, 60)
    const { alerts } = (await harness.get('/v1/alerts')).body
    expect(alerts).toEqual([
      {
        code: 'BudgetAt80Percent',
        severity: 'warning',
        since: expect.any(String),
        about: { kind: 'budget', name: 'platform:google_ads', limit: 'sliding_600s' },
        detail: '85 % of 500 USD are used: 425 USD spent and held here',
        whatToDo: expect.stringContaining('Raise the limit'),
        runbook: '/docs/runbooks/BudgetAt80Percent',
      },
    ])
    const sinceMs = Date.parse(alerts[0].since) - atMs
    expect(sinceMs).toBeGreaterThanOrEqual(0)
    expect(sinceMs).toBeLessThanOrEqual(15_000)
    expect((await harness.get(alerts[0].runbook)).body).toContain('# BudgetAt80Percent')

    await harness.bid({ bidAmount: 60 })
    await pass(harness, 90)
    expect(await codes(harness)).toEqual(['BudgetAt95Percent platform:google_ads'])
    // All of it has left the window.
    await pass(harness, 620)
    expect(await codes(harness)).toEqual([])
  })

  it('puts what is critical first: an open breaker before the kill switch, until both have ended', async () => {
    const harness = await startHarness()
    const { sandbox, bid, send } = harness
    sandbox.faults.add({ platform: 'meta', times: 'always', fault: { is: 'http', status: 503 } })
    for (let at = 0; at < 3; at++) await bid({ platform: 'meta', bidAmount: 1 })
    await send('POST', '/v1/kill-switch', { engaged: true, reason: 'prices look wrong' })
    await pass(harness, 5)
    const { alerts } = (await harness.get('/v1/alerts')).body
    expect(alerts).toMatchObject([
      { code: 'BreakerOpen', severity: 'critical', about: { kind: 'platform', name: 'meta' } },
      { code: 'KillSwitchEngaged', severity: 'info', detail: 'Every bid is refused: prices look wrong' },
    ])
    await send('POST', '/v1/kill-switch', { engaged: false })
    sandbox.faults.clear()
    await pass(harness, 35)
    for (let at = 0; at < 3; at++) await bid({ platform: 'meta', bidAmount: 1 })
    // It was open a moment ago: a breaker is half open now and then while its platform fails.
    await pass(harness, 5)
    expect(await codes(harness)).toEqual(['BreakerOpen meta'])
    await pass(harness, 125)
    expect(await codes(harness)).toEqual([])
  })

  it('tells of a bid that was billed twice at two prices, for ten minutes', async () => {
    const harness = await startHarness()
    const body = { id: '1', imp: [{ id: '1', banner: { w: 300, h: 250 } }], tmax: 200 }
    const won = await harness.send('POST', '/openrtb2/example/bid', body)
    const { pathname } = new URL(won.body.seatbid[0].bid[0].burl)
    for (const price of ['0.5', '0.4']) await harness.get(`${pathname}?price=${price}&cur=USD`)
    await pass(harness, 5)
    expect(await codes(harness)).toEqual(['BilledAtOtherPrice example'])
    await pass(harness, 640)
    expect(await codes(harness)).toEqual([])
  })

  it('tells of refused bids by their share, once that has lasted five minutes', async () => {
    const harness = await startHarness()
    await harness.bid({ bidAmount: 300 })
    for (let round = 0; round < 14; round++) {
      await harness.bid({ bidAmount: 400 })
      await pass(harness, 30)
    }
    expect(await codes(harness)).toContain('BidsVetoed google_ads')
  })

  it('tells an organisation of its own budgets and seats alone, by the names that it knows', async () => {
    const harness = await startHarness({
      API_KEYS: [entry('ops', 'admin'), entry('seven@7', 'admin'), entry('eight@8', 'admin')].join(','),
    })
    const limits = [{ kind: 'lifetime', max: 10 }]
    await harness.send('PUT', '/v1/budgets/campaign:meta:120@7', { limits }, as('ops'))
    const bid = { platform: 'meta', campaignId: '120', bidAmount: 9 }
    expect((await harness.bid(bid, as('seven@7'))).status).toBe(200)
    await harness.send('POST', '/v1/kill-switch', { engaged: true }, as('ops'))
    await pass(harness, 90)
    expect(await codes(harness, as('ops'))).toEqual([
      'BudgetAt80Percent campaign:meta:120@7',
      'KillSwitchEngaged service',
    ])
    expect(await codes(harness, as('seven@7'))).toEqual(['BudgetAt80Percent campaign:meta:120'])
    expect(await codes(harness, as('eight@8'))).toEqual([])
  })

  it('has no runbook for what is no alert', async () => {
    const { get } = await startHarness()
    for (const name of ['Nothing', '..%2F..%2Fpackage', 'README.md'])
      expect((await get(`/docs/runbooks/${name}`)).status).toBe(404)
  })
})

describe('the rules of alerts', () => {
  interface Rule {
    readonly alert: string
    readonly for?: string
    readonly labels: { readonly severity: string }
  }
  const { groups } = parse(readFileSync('grafana/rules/bidwarden.rules.yml', 'utf8'))
  const rules: readonly Rule[] = groups
    .flatMap((group: { rules: readonly Rule[] }) => group.rules)
    .filter(({ alert }: Rule) => alert !== undefined)
  const millis = (text = '0s') =>
    Number.parseInt(text, 10) * { s: 1_000, m: 60_000, h: 3_600_000 }[text.at(-1) as 's' | 'm' | 'h']

  it('are those of Prometheus, with their severities and delays; that it does not answer no service can tell', () => {
    const shown = (name: string, severity: string, forMs: number) => `${name} ${severity} ${forMs}`
    const own = Object.entries(ALERT_RULES).map(([name, { severity, forMs }]) => shown(name, severity, forMs))
    const others = rules
      .filter(({ alert }) => alert !== 'ServiceDown')
      .map((rule) => shown(rule.alert, rule.labels.severity, millis(rule.for)))
    expect(own.sort()).toEqual(others.sort())
  })
})
