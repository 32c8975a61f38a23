import { describe, expect, it } from 'vitest'
import { startHarness, until } from '../support/harness.ts'

describe('what an operator sees', () => {
  it('GET /v1/platforms: mode, breaker, limiter, history and latency of each', async () => {
    const { bid, get } = await startHarness()
    await bid({ predictedLtv: 30, bidAmount: 1 })
    await bid({ predictedLtv: undefined, bidAmount: 1 })
    const { platforms } = (await get('/v1/platforms')).body
    expect(platforms).toHaveLength(3)
    expect(platforms[0]).toEqual({
      platform: 'google_ads',
      mode: 'mock',
      currency: 'USD',
      auth: 'ok',
      breaker: { state: 'closed' },
      // Two searches and a mutate for the first bid, a mutate for the second.
      rateLimit: { calls: 100, windowSeconds: 60, remaining: 96 },
      medianLtv: 30,
      ltvSamples: 1,
      fallbackCount: 1,
      fallbackShare: 0.5,
      deferred: 0,
      latencyMs: { p50: 0, p95: 0 },
    })
  })

  it('GET /metrics: money, bids and platforms as Prometheus reads them', async () => {
    const { bid, get } = await startHarness()
    await bid({ bidAmount: 125 })
    await bid({ bidAmount: 400 })
    const { body, headers } = await get('/metrics')
    expect(headers.get('content-type')).toContain('text/plain')
    for (const line of [
      'bidwarden_budget_spend{scope="platform:google_ads",limit="sliding_600s",currency="USD"} 125',
      'bidwarden_budget_limit{scope="platform:google_ads",limit="sliding_600s",currency="USD"} 500',
      'bidwarden_budget_utilization_ratio{scope="platform:google_ads",limit="sliding_600s",currency="USD"} 0.25',
      'bidwarden_budget_held{scope="platform:google_ads",currency="USD"} 0',
      'bidwarden_budget_overdraft_total{scope="platform:google_ads",currency="USD"} 0',
      'bidwarden_bids_total{platform="google_ads",status="placed",source="ai",code=""} 1',
      'bidwarden_bids_total{platform="google_ads",status="refused",source="ai",code="budget_exceeded"} 1',
      'bidwarden_breaker_state{platform="google_ads",state="closed"} 1',
      'bidwarden_rate_limit_remaining{platform="google_ads"} 97',
    ]) {
      expect(body).toContain(line)
    }
    expect(body).toMatch(
      /bidwarden_platform_request_duration_seconds_count\{platform="google_ads",outcome="ok"\} 3/,
    )
  })

  it('GET /metrics: how long bids took to be answered, by outcome', async () => {
    const { bid, get, send } = await startHarness()
    await bid({ bidAmount: 125 }, { 'idempotency-key': 'a' })
    await bid({ bidAmount: 125 }, { 'idempotency-key': 'a' })
    await bid({ bidAmount: 400 })
    await bid({ dryRun: true, bidAmount: 1 })
    await send('POST', '/v1/bids', { platform: 'nowhere' })
    await send('POST', '/v1/bids/batch', { bids: [] })
    const { body } = await get('/metrics')
    const counts = body.match(/(?<=bidwarden_bid_answer_duration_seconds_count\{outcome=).*/g)
    expect(counts).toEqual([
      ...[
        '"placed"} 2',
        '"deferred"} 0',
        '"pending_approval"} 0',
        '"dry_run"} 1',
        '"refused"} 2',
        '"outcome_unknown"} 0',
        '"failed"} 0',
      ],
    ])
    expect(body).toContain('bidwarden_bid_answer_duration_seconds_bucket{le="0.001",outcome="placed"} 2')
  })

  it('GET /version: what runs, and for how long', async () => {
    const { get, clock } = await startHarness()
    await clock.advance(12_500)
    expect((await get('/version')).body).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      commit: expect.toSatisfy((commit) => commit === null || /^[0-9a-f]{40}$/.test(commit)),
      node: process.versions.node,
      mode: 'mock',
      uptimeSeconds: 12,
    })
  })

  it('GET /openapi.json describes every call, and /docs shows it from this server alone', async () => {
    const { get } = await startHarness()
    const { body } = await get('/openapi.json')
    expect(Object.keys(body.paths).sort()).toEqual([
      '/api/v1/connectors',
      '/api/v1/connectors/dead-letters',
      '/api/v1/connectors/fetch',
      '/api/v1/connectors/oauth/callback',
      '/api/v1/connectors/oauth/initiate',
      '/api/v1/connectors/queue',
      '/api/v1/connectors/requests',
      '/api/v1/connectors/requests/{id}',
      '/api/v1/connectors/requests/{id}/cancel',
      '/api/v1/connectors/requests/{id}/data',
      '/api/v1/connectors/requests/{id}/retry',
      '/api/v1/connectors/schedules',
      '/api/v1/connectors/types',
      '/api/v1/connectors/types/{type}',
      '/api/v1/connectors/{id}',
      '/api/v1/connectors/{id}/campaigns',
      '/api/v1/connectors/{id}/campaigns/{campaignId}',
      '/api/v1/connectors/{id}/emails',
      '/api/v1/connectors/{id}/emails/{email_id}',
      '/api/v1/connectors/{id}/reconciliation',
      '/api/v1/connectors/{id}/records',
      '/api/v1/connectors/{id}/schedule',
      '/api/v1/connectors/{id}/suppressions',
      '/api/v1/connectors/{id}/suppressions/{address}',
      '/api/v1/connectors/{id}/sync',
      '/api/v1/connectors/{id}/templates',
      '/api/v1/connectors/{id}/templates/{template_id}',
      '/api/v1/connectors/{id}/templates/{template_id}/publish',
      '/api/v1/connectors/{id}/test',
      '/api/v1/connectors/{id}/webhook',
      '/api/v1/conversions/batches',
      '/api/v1/conversions/connections',
      '/api/v1/conversions/connections/{platform}',
      '/api/v1/conversions/connections/{platform}/test',
      '/api/v1/conversions/dead-letters',
      '/api/v1/conversions/dead-letters/replay',
      '/api/v1/conversions/deliveries',
      '/api/v1/conversions/deliveries/counts',
      '/api/v1/conversions/events',
      '/api/v1/conversions/events/{id}',
      '/api/v1/conversions/health',
      '/api/v1/conversions/health/history',
      '/api/v1/conversions/mappings',
      '/api/v1/conversions/match-quality',
      '/api/v1/conversions/messages',
      '/api/v1/conversions/messages/{id}',
      '/api/v1/conversions/preview',
      '/api/v1/conversions/webhooks/whatsapp',
      '/api/v1/events',
      '/api/v1/integrations',
      '/api/v1/integrations/{id}',
      '/api/v1/integrations/{id}/health',
      '/api/v1/integrations/{id}/jobs',
      '/api/v1/integrations/{id}/sync',
      '/api/v1/webhooks/{platform}/{id}',
      '/docs',
      '/livez',
      '/mcp',
      '/metrics',
      '/openapi.json',
      '/openrtb2/notice/{kind}/{token}',
      '/openrtb2/{seat}/bid',
      '/readyz',
      '/v1/alerts',
      '/v1/approvals',
      '/v1/approvals/{id}',
      '/v1/audit',
      '/v1/bids',
      '/v1/bids/batch',
      '/v1/bids/{bidId}',
      '/v1/budgets',
      '/v1/budgets/{scope}',
      '/v1/budgets/{scope}/forecast',
      '/v1/budgets/{scope}/pause',
      '/v1/budgets/{scope}/resume',
      '/v1/campaigns',
      '/v1/campaigns/{id}',
      '/v1/doctor',
      '/v1/keys',
      '/v1/keys/{name}',
      '/v1/kill-switch',
      '/v1/ledger',
      '/v1/ltv',
      '/v1/ltv/{idType}/{userId}',
      '/v1/notifications',
      '/v1/notifications/{id}/replay',
      '/v1/platforms',
      '/v1/roas',
      '/v1/seats',
      '/v1/seats/{seat}',
      '/v1/seats/{seat}/test',
      '/v1/session',
      '/v1/session/oidc',
      '/v1/session/oidc/callback',
      '/v1/session/ways',
      '/v1/spend',
      '/v1/store',
      '/v1/store/trust',
      '/v1/stream',
      '/version',
    ])
    const { requestBody, responses } = body.paths['/v1/bids'].post
    expect(requestBody.content['application/json'].schema.$ref).toContain('BidRequest')
    expect(Object.keys(responses)).toEqual(
      expect.arrayContaining(['200', '202', '400', '401', '409', '422', '429', '502', '503', '504']),
    )
    expect(body.components.schemas.BidRequest.properties.bidAmount.type).toBe('number')
    const page = (await get('/docs')).body
    for (const [, address] of page.matchAll(/(?:src|href)="(\/[^"]+)"/g))
      expect((await get(address)).status).toBe(200)
    expect(page).not.toMatch(/(src|href)="https?:/)
    // So that nothing that gets into the page runs: no script stands in it.
    expect(page).not.toMatch(/<script(?! src="\/docs\/[\w.-]+"><\/script>)/)
    const { headers } = await get('/docs')
    expect(headers.get('content-security-policy')).toMatch(
      /default-src 'none'; script-src 'self';.*frame-ancestors 'none'/,
    )
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect((await get('/v1/budgets')).headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('asks the prediction service when a bid comes without a value, and falls back when it does not answer', async () => {
    const { createServer } = await import('node:http')
    const asked: unknown[] = []
    let answer = JSON.stringify({ predictedLtv: 77.5, confidence: 0.8 })
    const server = createServer(async (request, response) => {
      let text = ''
      for await (const chunk of request) text += chunk
      asked.push(JSON.parse(text))
      response.end(answer)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    const { bid } = await startHarness({ LTV_PREDICTOR_URL: `http://127.0.0.1:${port}/predict` })
    expect((await bid({ predictedLtv: undefined, bidAmount: 5 })).body).toMatchObject({
      source: 'ai',
      predictedLtv: 77.5,
    })
    answer = '{"predictedLtv":1.0234567260742187e2,"confidence":0.9999999999999999}'
    expect((await bid({ predictedLtv: undefined, bidAmount: 5, dryRun: true })).body.predictedLtv).toBe(
      102.345672,
    )
    expect(asked.slice(1)).toEqual([{ customerId: 'CUST_001', campaignId: 'c1', platform: 'google_ads' }])
    await bid({ predictedLtv: 12, bidAmount: 5 })
    for (const unusable of ['{"predictedLtv":"lots"}', '<html>Bad gateway</html>', '[[['.repeat(50)]) {
      answer = unusable
      expect((await bid({ predictedLtv: undefined, bidAmount: 5 })).body).toMatchObject({
        source: 'fallback',
        predictedLtv: 12,
      })
    }
    server.close()
    server.closeAllConnections()
    expect((await bid({ predictedLtv: undefined, bidAmount: 5 })).body).toMatchObject({ source: 'fallback' })
  })
})

describe('starting', () => {
  it('warns of an API version that has ended, and not of one that is supported', async () => {
    const { logged } = await startHarness({ GOOGLE_ADS_API_VERSION: 'v22' })
    const warnings = logged.filter(({ endsOn }) => endsOn !== undefined)
    expect(warnings).toMatchObject([{ platform: 'google_ads', version: 'v22', endsOn: '2026-10-07' }])
  })
})

describe('stopping', () => {
  it('answers what is under way with Connection: close, and closes idle connections at once', async () => {
    const { service, sandbox, bid } = await startHarness()
    await bid({ platform: 'tradedesk', bidAmount: 1 })
    sandbox.faults.add({ platform: 'tradedesk', fault: { is: 'hold' } })
    const pending = bid({ platform: 'tradedesk', bidAmount: 2 })
    await until(() => sandbox.faults.held() === 1)
    const stopped = service.stop()
    sandbox.faults.release()
    const reply = await pending
    expect(reply.status).toBe(200)
    expect(reply.headers.get('connection')).toBe('close')
    await stopped
    await expect(fetch(`${service.url}/livez`)).rejects.toThrow()
  })
})
