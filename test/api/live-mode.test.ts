import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { expect, it, onTestFinished } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { banner } from '../../src/app/banner.ts'
import { parseConfig } from '../../src/config/config.ts'
import { createLog } from '../../src/log.ts'
import { startService } from '../../src/main.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { freePort } from '../support/free-port.ts'
import { until } from '../support/harness.ts'
import { listenUntilEnd } from '../support/local-server.ts'
import { folder } from '../support/service.ts'

/** A service in live mode that knows Meta alone, which does not take its token. */
async function startLive() {
  const port = await freePort()
  const platform = createServer((_, response) => {
    response.writeHead(401, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ error: { code: 190, type: 'OAuthException', message: 'expired' } }))
  })
  await new Promise<void>((listens) => platform.listen(port, '127.0.0.1', listens))
  onTestFinished(() => void platform.close())
  const logged: Record<string, unknown>[] = []
  const config = parseConfig({
    ...{
      PORT: '0',
      STORE: 'memory',
      DATA_DIR: folder(),
      API_KEYS: `me:admin:${hashKey('key').toString('hex')}`,
    },
    ...{ META_ACCESS_TOKEN: 't', META_BUSINESS_ID: '7', META_URL: `http://127.0.0.1:${port}` },
  })
  const log = createLog('info', { write: (line) => logged.push(JSON.parse(line)) })
  const service = await startService(config, { clock: new FakeClock(), log })
  onTestFinished(() => service.stop())
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(service.url + path, {
      ...init,
      headers: { authorization: 'Bearer key', 'content-type': 'application/json' },
    })
  return { config, service, logged, ask }
}

it('live mode leaves out platforms without credentials everywhere, and loses those alone that there are', async () => {
  const { config, service, logged, ask } = await startLive()
  const start = banner(service, config)
  expect(start).toContain('  meta ')
  expect(start).not.toMatch(/google_ads|tradedesk/)
  const [, example = ''] = /-d '(.*)'/.exec(start) ?? []
  expect(JSON.parse(example)).toMatchObject({ platform: 'meta', dryRun: true })
  const tried = await ask('/v1/bids', { method: 'POST', body: example })
  expect(await tried.json()).toMatchObject({ status: 'dry_run' })

  await until(() => logged.some(({ msg }) => msg === 'not connected'))
  const other = { customerId: 'c', campaignId: 'x', platform: 'tradedesk', predictedLtv: 9, bidAmount: 1 }
  const refused = await ask('/v1/bids', { method: 'POST', body: JSON.stringify(other) })
  expect(await refused.json()).toMatchObject({
    code: 'platform_unavailable',
    detail:
      'No bid can be placed on tradedesk: no credentials are configured (set TRADEDESK_API_KEY, TRADEDESK_PARTNER_ID, TRADEDESK_BID_URL, TRADEDESK_ADVERTISER_DOMAIN, PUBLIC_URL); an operator must see to it',
  })
  const { platforms } = (await (await ask('/v1/platforms')).json()) as { platforms: { auth: string }[] }
  expect(platforms.map(({ auth }) => auth)).toEqual(['none', 'lost', 'none'])
  const metrics = await (await ask('/metrics')).text()
  const lost = metrics.match(/^bidwarden_platform_auth_lost.*$/gm)
  expect(lost?.map((line) => line.split(' ')[1])).toEqual(['0', '1', '0'])
  expect(logged.filter(({ msg }) => msg === 'not connected')).toHaveLength(1)
})

it('live mode without ENCRYPTION_KEY says so where connections and conversions would be, and is ready', async () => {
  const { logged, ask } = await startLive()
  const posted = { method: 'POST', body: '{"events":[]}' }
  for (const [path, init] of [
    ['/api/v1/connectors', {}],
    ['/api/v1/connectors/types', {}],
    ['/api/v1/conversions/events', posted],
    ['/api/v1/integrations', {}],
    ['/v1/roas', {}],
  ] as const) {
    const answer = await ask(path, init)
    expect(answer.status, path).toBe(503)
    expect(await answer.json()).toMatchObject({
      code: 'not_configured',
      detail: 'Connections and conversions are off: set ENCRYPTION_KEY',
    })
  }
  expect((await ask('/v1/nothing')).status).toBe(404)
  expect((await ask('/readyz')).status).toBe(200)
  expect(logged.map(({ msg }) => msg)).toContainEqual(
    expect.stringMatching(/^nothing is read .* no conversions are taken: ENCRYPTION_KEY is not set$/),
  )
})

it('live mode reaches platforms for conversions where bids reach them, unless another address is configured for conversions', async () => {
  const asked: string[] = []
  const platforms = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://platforms.example')
    asked.push(pathname)
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify(
        pathname === '/token' ? { access_token: 'a', token_type: 'Bearer', expires_in: 3600 } : {},
      ),
    )
  })
  const url = await listenUntilEnd(platforms)
  const config = parseConfig({
    ...{ PORT: '0', STORE: 'memory', DATA_DIR: folder(), ENCRYPTION_KEY: randomBytes(32).toString('base64') },
    ...{ API_KEYS: `me:admin:${hashKey('key').toString('hex')}`, MOCK_MODE: 'false' },
    ...{ GOOGLE_OAUTH_URL: `${url}/token`, GOOGLE_ADS_URL: `${url}/google`, META_URL: `${url}/meta` },
    ...{ META_ACCESS_TOKEN: 't', META_BUSINESS_ID: '7' },
    CONVERSION_APIS: JSON.stringify({ google: { data_manager: { baseUrl: `${url}/data-manager` } } }),
  })
  const service = await startService(config, { clock: new FakeClock(), log: createLog('silent') })
  onTestFinished(() => service.stop())
  const askedBy = async (method: string, path: string, body: unknown) => {
    asked.length = 0
    await fetch(`${service.url}/api/v1/conversions/${path}`, {
      method,
      headers: { authorization: 'Bearer key', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return asked
  }
  const google = {
    customer_id: '1',
    conversion_action_id: '2',
    refresh_token: 'r',
    client_id: 'c',
    client_secret: 's',
  }
  expect(await askedBy('PUT', 'connections/google', { credentials: google })).toEqual([
    '/token',
    '/data-manager/v1/events:ingest',
  ])
  expect(
    await askedBy('PUT', 'connections/google', { credentials: { ...google, api: 'google_ads' } }),
  ).toEqual(['/token', '/google/v26/customers/1/googleAds:search'])
  expect(
    await askedBy('PUT', 'connections/meta', { credentials: { pixel_id: '3', access_token: 't' } }),
  ).toContain('/meta/v26.0/3')
  const whatsapp = { phone_number_id: '4', access_token: 't', webhook_verify_token: 'verify-me' }
  await askedBy('PUT', 'connections/whatsapp', { credentials: whatsapp })
  expect(await askedBy('POST', 'connections/whatsapp/test', {})).toContain('/meta/v26.0/4')
})
