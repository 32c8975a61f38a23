import { createHmac, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, createServer, request } from 'node:http'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, it, onTestFinished } from 'vitest'
import { seededRandom } from '../crash/random.ts'
import { createFuzz } from '../support/fuzz.ts'
import { listening, start } from '../support/service.ts'

/** Some seconds; `FUZZ_REQUESTS` plays more. */
const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 10_000)
const SEED = Number(process.env['FUZZ_SEED'] ?? 1)
const AT_ONCE = 16

/** The event loop is never kept longer by work of ours; a collection of garbage may fall into it. */
const LONGEST_TURN_MS = 20
const MAX_RESIDENT_MB = 400
/** Of resident memory, from the middle to the end, once what keeps the latest thousands of everything is full. */
const MAX_GROWTH = 1.15
const FULL_AFTER_REQUESTS = 200_000

const WEBHOOK_SECRET = Buffer.alloc(24, 7).toString('base64')

type Fuzz = ReturnType<typeof createFuzz>

/** A platform that answers honestly until a connection is made, and then anything. */
async function startPlatform({ mutated, below }: Fuzz) {
  let isHonest = true
  const token = JSON.stringify({
    access_token: 'a',
    refresh_token: 'r',
    token_type: 'Bearer',
    expires_in: 100,
  })
  const sheet = JSON.stringify({
    spreadsheetId: 's',
    properties: { title: 'Customers', timeZone: 'Etc/UTC' },
    sheets: [{ properties: { title: 'CRM', gridProperties: { rowCount: 3, columnCount: 3 } } }],
  })
  const values = JSON.stringify({
    range: 'CRM!A1:C3',
    values: [
      ['id', 'name'],
      ['1', 'a'],
      ['2', 'b'],
    ],
  })
  const server = createServer(async (asked, response) => {
    await text(asked)
    const path = asked.url ?? ''
    const honest = path.startsWith('/token') ? token : path.includes('/values/') ? values : sheet
    const status = isHonest ? 200 : [200, 200, 200, 200, 200, 204, 400, 401, 403, 429, 500][below(11)]
    response.writeHead(status ?? 200, { 'content-type': 'application/json' })
    if (isHonest) response.end(honest)
    // Some are long: the parts that are parsed in slices.
    else response.end(below(20) === 0 ? `${' '.repeat(below(2_000_000))}${mutated(honest)}` : mutated(honest))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    turn: () => {
      isHonest = false
    },
  }
}

interface Asked {
  readonly method: string
  readonly path: string
  readonly body: string
  readonly headers?: Record<string, string>
}

const EXAMPLES = {
  bid: JSON.stringify({
    customerId: 'c',
    campaignId: 's',
    platform: 'meta',
    predictedLtv: 5,
    bidAmount: 0.01,
    dryRun: true,
  }),
  auction: JSON.stringify({
    id: '1',
    imp: [
      {
        id: '1',
        banner: { w: 300, h: 250, format: [{ w: 1, h: 2 }] },
        bidfloor: 0.1,
        pmp: { deals: [{ id: 'd' }] },
      },
    ],
    site: { page: 'https://example.com', cat: ['IAB1'] },
    device: { ua: 'Mozilla', ip: '1.2.3.4' },
    user: { id: 'u', eids: [{ source: 's', uids: [{ id: 'i' }] }] },
    tmax: 100,
    ext: { a: { b: [1, 2] } },
  }),
  native: JSON.stringify({
    id: '1',
    imp: [
      {
        id: '1',
        native: {
          request: JSON.stringify({ native: { ver: '1.2', assets: [{ id: 1, title: { len: 20 } }] } }),
        },
      },
    ],
  }),
  campaign: JSON.stringify({
    seat: 'example',
    budget: 1,
    currency: 'USD',
    creatives: [{ id: 'c', w: 300, h: 250, markup: '<a>' }],
  }),
  settings: JSON.stringify({
    connector_type: 'SHEETS',
    callback_url: 'http://127.0.0.1:9/',
    settings: { spreadsheet_id: 's', more: { a: [1] } },
  }),
  webhook: JSON.stringify({
    type: 'email.bounced',
    created_at: '2026-11-01T00:00:00Z',
    data: { to: ['a@b.example'], email_id: 'e' },
  }),
} as const

/** Something that anybody may send. */
function anything({ mutated, below }: Fuzz, connections: { sheets: string; resend: string }): Asked {
  const post = (path: string, body: string): Asked => ({ method: 'POST', path, body: mutated(body) })
  const kinds: readonly (() => Asked)[] = [
    () => post('/v1/bids', EXAMPLES.bid),
    () => post('/v1/bids/batch', `{"bids":[${EXAMPLES.bid},${EXAMPLES.bid}]}`),
    () => post('/openrtb2/example/bid', EXAMPLES.auction),
    () => post('/openrtb2/example/bid', EXAMPLES.native),
    () => ({ ...post(`/v1/campaigns/c${below(20)}`, EXAMPLES.campaign), method: 'PUT' }),
    () => ({
      ...post('/v1/budgets/campaign:f', '{"currency":"USD","limits":[{"kind":"day","max":5}]}'),
      method: 'PUT',
    }),
    () => post('/api/v1/connectors/oauth/initiate', EXAMPLES.settings),
    () => post('/api/v1/connectors/oauth/callback', '{"code":"c","state":"s"}'),
    () => post('/api/v1/connectors/fetch', `{"connector_id":"${connections.sheets}","report_type":"rows"}`),
    () => post('/api/v1/connectors', '{"connector_type":"RESEND","api_key":"k"}'),
    () => ({
      method: 'GET',
      path: `/openrtb2/notice/${encodeURIComponent(mutated('abc.def'))}`.slice(0, 4_000),
      body: '',
    }),
    () => {
      const body = mutated(EXAMPLES.webhook)
      const id = randomUUID()
      const at = String(Math.floor(Date.now() / 1000))
      const signed = createHmac('sha256', Buffer.from(WEBHOOK_SECRET, 'base64')).update(`${id}.${at}.${body}`)
      const headers = {
        'webhook-id': id,
        'webhook-timestamp': at,
        'webhook-signature': `v1,${signed.digest('base64')}`,
      }
      return { method: 'POST', path: `/api/v1/webhooks/resend/${connections.resend}`, body, headers }
    },
  ]
  return kinds[below(kinds.length)]?.() ?? post('/v1/bids', '')
}

it(`${REQUESTS} fuzzed bodies, settings, webhooks and answers of platforms end nothing and keep nobody waiting`, async () => {
  const fuzz = createFuzz(seededRandom(SEED))
  const platform = await startPlatform(fuzz)
  const hosts = {
    sheets: platform.url,
    authorize: `${platform.url}/authorize`,
    token: `${platform.url}/token`,
    revoke: `${platform.url}/r`,
  }
  const probe = resolve(import.meta.dirname, '../support/turn-probe.ts')
  const service = start({
    PORT: '0',
    LOG_LEVEL: 'error',
    OPENRTB_SEATS: '[{"id":"example"}]',
    CONNECTOR_URLS: JSON.stringify({ SHEETS: hosts }),
    CONNECTOR_RATE_LIMITS: 'SHEETS=1000000/1',
    OAUTH_CLIENTS: JSON.stringify({ SHEETS: { clientId: 'c', clientSecret: 'd' } }),
    NODE_OPTIONS: `--import=${probe}`,
  })
  const url = new URL(await listening(service))
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
  onTestFinished(() => agent.destroy())

  const send = ({ method, path, body, headers = {} }: Asked) =>
    new Promise<{ status: number; body: string }>((done, failed) => {
      const sent = request({
        host: url.hostname,
        port: url.port,
        agent,
        method,
        path,
        timeout: 60_000,
        headers: {
          ...(body !== '' && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
          }),
          ...headers,
        },
      })
      sent.on('response', async (answer) =>
        done({ status: answer.statusCode ?? 0, body: await text(answer) }),
      )
      sent.on('error', failed)
      sent.end(body)
    })
  const json = async (method: string, path: string, body: object) => {
    const { status, body: said } = await send({ method, path, body: JSON.stringify(body) })
    if (status !== 200) throw new Error(said)
    return JSON.parse(said)
  }
  const asked = {
    connector_type: 'SHEETS',
    callback_url: 'http://127.0.0.1:9/',
    settings: { spreadsheet_id: 's' },
  }
  const begun = await json('POST', '/api/v1/connectors/oauth/initiate', asked)
  const state = new URL(begun.authorization_url).searchParams.get('state')
  const sheets = (await json('POST', '/api/v1/connectors/oauth/callback', { code: 'c', state })).connector_id
  const mail = await json('POST', '/api/v1/connectors', {
    connector_type: 'RESEND',
    api_key: 're_sandbox_full',
    settings: {},
  })
  await json('PUT', `/api/v1/connectors/${mail.id ?? mail.connector_id}/webhook`, {
    secret: `whsec_${WEBHOOK_SECRET}`,
  })
  platform.turn()

  const residentMb = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${service.child.pid}/status`, 'utf8'))?.[1]) / 1024
  const statuses = new Map<string, number>()
  const unexplained: string[] = []
  let left = REQUESTS
  let middleMb = 0
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (left > 0) {
        left -= 1
        if (left === Math.floor(REQUESTS / 2)) middleMb = residentMb()
        const one = anything(fuzz, { sheets, resend: mail.id ?? mail.connector_id })
        const { status, body } = await send(one)
        const route = `${one.path.split('/').slice(1, 3).join('/')} ${status}`
        statuses.set(route, (statuses.get(route) ?? 0) + 1)
        const code = body.includes('"code"') ? JSON.parse(body).code : undefined
        if (status >= 500 && (code === undefined || code === 'internal'))
          unexplained.push(
            `${one.method} ${one.path} ${one.body.slice(0, 300)} → ${status} ${body.slice(0, 200)}`,
          )
      }
    }),
  )
  const endMb = residentMb()
  const turns = [...service.output().matchAll(/longest turn ([\d.]+) ms/g)].map(([, ms]) => Number(ms))
  // While it starts nobody waits yet.
  const longest = turns.slice(5).toSorted((a, b) => b - a)
  process.stdout.write(
    `resident ${Math.round(middleMb)} → ${Math.round(endMb)} MB; longest turns of each second ${longest.slice(0, 8).join(', ')} ms; ${JSON.stringify(Object.fromEntries(statuses))}\n`,
  )
  expect(service.child.exitCode, service.output()).toBeNull()
  expect(unexplained.slice(0, 10)).toEqual([])
  expect(endMb).toBeLessThan(MAX_RESIDENT_MB)
  if (REQUESTS >= 2 * FULL_AFTER_REQUESTS) expect(endMb).toBeLessThan(middleMb * MAX_GROWTH)
  expect(longest[0]).toBeLessThan(LONGEST_TURN_MS)
})
