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
