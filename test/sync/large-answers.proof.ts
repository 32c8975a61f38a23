import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { expect, it } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { listenUntilEnd } from '../support/local-server.ts'
import { longestTurnMs, PROBE } from '../support/probed.ts'
import { listening, type Started, start } from '../support/service.ts'
import { slowness } from '../support/slowness.ts'

/** What auctions would feel of the largest answers there are, from outside: stalls are recorded, memory has a bar. */

const AD_GROUPS = 142_000
const DAYS = 7
const GA4_ROWS = 250_000
/** In October there is little: with it a service does for the first time what it then does for long. */
const FEW = 1_000
const isMuch = (asked: string) => !asked.includes('2026-10')
const MIB = 1024
/** The longest that one part of such an answer may keep the event loop, in processor time on a machine that is not slow. */
const LONGEST_TURN_MS = 100
const MORE_MEMORY_MIB = 250

const json = (response: ServerResponse, body: unknown) =>
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))

const CLIENT = { id: '1234567890', currencyCode: 'USD', timeZone: 'America/New_York', manager: false }

/** An answer with a row for every ad group and day, as long as those of the platform. */
function* adGroups(query: string): Generator<string> {
  const [, from = '', to = ''] = /BETWEEN '(\S+)' AND '(\S+)'/.exec(query) ?? []
  yield '[{"results":['
  const groups = isMuch(query) ? AD_GROUPS : FEW
  let separator = ''
  for (let day = new Date(from); day <= new Date(to); day.setUTCDate(day.getUTCDate() + 1)) {
    const date = day.toISOString().slice(0, 10)
    for (let group = 0; group < groups; group += 100) {
      let rows = ''
      for (let id = group; id < group + 100; id++) {
        const campaign = `70000${id % 50}`
        rows += `${separator}{"campaign":{"resourceName":"customers/1234567890/campaigns/${campaign}","id":"${campaign}","name":"Generic | Search | DE | Exact ${id % 50}","status":"ENABLED"},"adGroup":{"resourceName":"customers/1234567890/adGroups/40000${id}","id":"40000${id}","name":"Ad group for a product number ${id}","status":"ENABLED"},"metrics":{"clicks":"12","conversions":1.5,"conversionsValue":90.25,"costMicros":"1234567","impressions":"900","allConversions":2.5,"viewThroughConversions":"3"},"segments":{"date":"${date}"}}`
        separator = ','
      }
      yield rows
    }
  }
  yield '],"fieldMask":"x","requestId":"r"}]'
}

function page(body: string) {
  const { offset, limit, dateRanges } = JSON.parse(body)
  const date = dateRanges[0].startDate.replaceAll('-', '')
  const from = Number(offset)
  const rowCount = isMuch(body) ? GA4_ROWS : FEW
  const rows = Array.from({ length: Math.max(0, Math.min(Number(limit), rowCount - from)) }, (_, n) => ({
    dimensionValues: [{ value: date }, { value: `/page/${from + n}` }],
    metricValues: [{ value: '1' }, { value: '0.5' }],
  }))
  return {
    dimensionHeaders: [{ name: 'date' }, { name: 'landingPage' }],
    metricHeaders: [{ name: 'sessions' }, { name: 'purchaseRevenue' }],
    rows,
    rowCount,
    metadata: { currencyCode: 'USD', timeZone: 'America/New_York' },
  }
}

async function startPlatform(): Promise<string> {
  const server = createServer(async (request, response) => {
    const path = request.url ?? ''
    const body = await text(request)
    if (path.endsWith('/token'))
      json(response, { access_token: 'a', refresh_token: 'r', token_type: 'Bearer', expires_in: 36_000 })
    else if (path.includes('listAccessibleCustomers'))
      json(response, { resourceNames: ['customers/1234567890'] })
    else if (body.includes('customer_client')) json(response, [{ results: [{ customerClient: CLIENT }] }])
    else if (path.endsWith('/accounts?pageSize=200')) json(response, { accounts: [{ name: 'accounts/1' }] })
    else if (path.includes('/properties?'))
      json(response, {
        properties: [{ name: 'properties/5', currencyCode: 'USD', timeZone: 'America/New_York' }],
      })
    else if (path.endsWith(':runReport')) json(response, page(body))
    else if (path.endsWith(':searchStream'))
      await pipeline(Readable.from(adGroups(body)), response).catch(() => {})
    else response.writeHead(404).end()
  })
  return listenUntilEnd(server)
}

async function startService() {
  const platform = await startPlatform()
  const oauth = {
    authorize: `${platform}/authorize`,
    token: `${platform}/token`,
    revoke: `${platform}/revoke`,
  }
  const client = { clientId: 'id', clientSecret: 'secret' }
  const [port, sandboxPort] = [await freePort(), await freePort()]
  const started = start({
    PORT: String(port),
    SANDBOX_PORT: String(sandboxPort),
    MOCK_MODE: 'true',
    CONNECTOR_DOWNLOAD_SECONDS: '1800',
    NODE_OPTIONS: `--import=${PROBE}`,
    OAUTH_CLIENTS: JSON.stringify({ GOOGLE_ADS: client, GA4: client }),
    CONNECTOR_URLS: JSON.stringify({
      GOOGLE_ADS: { ...oauth, googleAds: platform },
      GA4: { ...oauth, data: platform, admin: platform },
    }),
  })
  const url = await listening(started)
  const send = async (path: string, body?: object) => {
    const given = body && { method: 'POST', body: JSON.stringify(body) }
    const response = await fetch(url + path, { ...given, headers: { 'content-type': 'application/json' } })
    return JSON.parse(await response.text())
  }
  async function connect(connector_type: string): Promise<string> {
    const { state } = await send('/api/v1/connectors/oauth/initiate', {
      connector_type,
      callback_url: 'http://127.0.0.1:9/back',
    })
    return (await send('/api/v1/connectors/oauth/callback', { code: 'code', state })).connector_id
  }
  async function fetched(connector_id: string, report: object) {
    const { request_id } = await send('/api/v1/connectors/fetch', { connector_id, ...report })
    for (;;) {
      const request = await send(`/api/v1/connectors/requests/${request_id}`)
      if (!['queued', 'running'].includes(request.status)) return request
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  return { url, started, connect, fetched }
}

/** What is felt outside while something is done. */
async function felt(url: string, started: Started, work: () => Promise<unknown>) {
  const { child } = started
  const before = memoryOf(child, 'VmRSS')
  const prober = spawn(process.execPath, ['test/support/livez-prober.ts', url])
  const said = text(prober.stdout)
  await longestTurnMs(started)
  const startedMs = performance.now()
  await work()
  const seconds = Math.round(performance.now() - startedMs) / 1000
  prober.stdin.end()
  const turnMs = (await longestTurnMs(started)) / slowness()
  const stalls: { probes: number; p99Ms: number; longestMs: number } = JSON.parse(await said)
  return { ...stalls, turnMs, seconds, moreMemoryMib: Math.round(memoryOf(child, 'VmHWM') - before) }
}

/** Resident memory of a process in MiB, now or at most. */
const memoryOf = ({ pid }: ChildProcess, what: 'VmRSS' | 'VmHWM'): number =>
  Number(new RegExp(`${what}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / MIB

it.each([
  ['GOOGLE_ADS', 'ad_group_performance', { start: '2026-11-01', end: '2026-11-01' }, AD_GROUPS],
  ['GOOGLE_ADS', 'ad_group_performance', { start: '2026-11-01', end: '2026-11-07' }, AD_GROUPS * DAYS],
  ['GA4', 'landing_pages', { start: '2026-11-01', end: '2026-11-01' }, GA4_ROWS],
])('%s brings its largest answers while the service goes on', async (type, report_type, date_range, rows) => {
  const { url, started, connect, fetched } = await startService()
  const connectorId = await connect(type)
  const october = { start: '2026-10-01', end: '2026-10-01' }
  expect(await fetched(connectorId, { report_type, date_range: october })).toMatchObject({
    result: { records_fetched: FEW },
  })
  const figures = await felt(url, started, async () => {
    expect(await fetched(connectorId, { report_type, date_range })).toMatchObject({
      status: 'completed',
      result: { records_fetched: rows },
    })
  })
  process.stdout.write(`${type}: ${rows} rows, ${JSON.stringify(figures)}\n`)
  expect(figures.moreMemoryMib).toBeLessThanOrEqual(MORE_MEMORY_MIB)
  expect(figures.turnMs).toBeLessThan(LONGEST_TURN_MS)
})
