import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { expect, it, onTestFinished } from 'vitest'
import { longestTurnMs, PROBE } from '../support/probed.ts'
import { folder, listening, start } from '../support/service.ts'
import { slowness } from '../support/slowness.ts'

/** The event loop is never kept longer by what one caller asks for, in processor time on a machine that is not slow. */
const LONGEST_TURN_MS = 20
/** A collection of garbage that falls into one round falls into no other. */
const ROUNDS = 3
const TIMES = 3

const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i))

const bid = (i: number, more: object = {}) => ({
  customerId: `c${i}`,
  campaignId: `camp${i}`,
  platform: 'google_ads',
  predictedLtv: 5,
  bidAmount: 0.01,
  ...more,
})
const row = (i: number) => ({ userId: `${'u'.repeat(300)}${i}`, idType: 'user', predictedLtv: 5 })
const campaign = (more: object = {}) => ({
  seat: 'example',
  advertiserDomain: 'adv.example',
  price: { cpmPerLtv: 0.01, minCpm: 1, maxCpm: 20 },
  limits: [{ kind: 'sliding', windowSeconds: 600, max: 100 }],
  creatives: [{ id: 'cr1', type: 'banner', sizes: [{ w: 300, h: 250 }], markup: '<a>' }],
  ...more,
})
const imps = (count: number, more: object = {}) =>
  times(count, (i) => ({ id: String(i), banner: { w: 300, h: 250 }, ...more }))
const MARKUP = 'x'.repeat(2_200)
const EXPLANATION = JSON.stringify({ why: 'x'.repeat(1_900) })

type Asked = readonly [method: string, path: string, body?: object | string | undefined]

const hollow = (count: number, of: string) => Array(count).fill(of).join(',')
/** A list of nonsense, as long as is read, in every place where a body has a list. */
const NONSENSE: Readonly<Record<string, Asked>> = Object.fromEntries(
  (
    [
      ['PUT', '/v1/campaigns/large2', 'creatives'],
      ['PUT', '/v1/campaigns/large2', 'limits'],
      ['PUT', '/v1/campaigns/large2', 'categories'],
      ['PUT', '/v1/budgets/global', 'limits'],
      ['POST', '/api/v1/connectors/fetch', 'fields'],
      ['POST', '/v1/bids', 'explanation'],
    ] as const
  ).flatMap(([method, path, name]) =>
    ['[]', '{}', '0', '"x"'].map((of): [string, Asked] => [
      `${name} of ${of} in ${path}`,
      [method, path, `{"${name}":[${hollow(of === '[]' || of === '{}' ? 19_000 : 39_000, of)}]}`],
    ]),
  ),
)

/** What one caller may ask again and again. */
const ASKED: Readonly<Record<string, Asked>> = {
  nothing: ['GET', '/livez'],
  'a batch of 500 dry runs': [
    'POST',
    '/v1/bids/batch',
    { bids: times(500, (i) => bid(i, { dryRun: true })) },
  ],
  'a batch of 500 bids': ['POST', '/v1/bids/batch', { bids: times(500, (i) => bid(i)) }],
  'a batch of 500 with explanations': [
    'POST',
    '/v1/bids/batch',
    { bids: times(500, (i) => bid(i, { platform: 'auto', explanation: 'x'.repeat(300) })) },
  ],
  'a batch of 500 that are wrong': ['POST', '/v1/bids/batch', { bids: times(500, () => ({ a: 1 })) }],
  'a batch of hollow values': ['POST', '/v1/bids/batch', `{"bids":[${Array(80_000).fill('[]').join(',')}]}`],
  '10 000 predictions': ['PUT', '/v1/ltv', { rows: times(10_000, row) }],
  '10 000 short predictions': [
    'PUT',
    '/v1/ltv',
    { rows: times(10_000, (i) => ({ userId: `${i}`, idType: 'user', predictedLtv: 5 })) },
  ],
  '10 000 predictions, the last wrong': ['PUT', '/v1/ltv', { rows: [...times(9_999, row), { x: 1 }] }],
  'predictions that are hollow': ['PUT', '/v1/ltv', `{"rows":[${Array(1_300_000).fill('[]').join(',')}]}`],
  '1000 decisions': ['GET', '/v1/bids?limit=1000'],
  '500 campaigns': ['GET', '/v1/campaigns?limit=500'],
  '1000 budgets': ['GET', '/v1/budgets?limit=1000'],
  'the metrics': ['GET', '/metrics'],
  'the ledger': ['GET', '/v1/ledger'],
  'the document': ['GET', '/openapi.json'],
  'the script of the documentation': ['GET', '/docs/swagger-ui-bundle.js'],
  'a campaign of 100 creatives': [
    'PUT',
    '/v1/campaigns/large0',
    campaign({
      creatives: times(100, (i) => ({
        id: `c${i}`,
        type: 'banner',
        sizes: [{ w: 300, h: 250 }],
        markup: MARKUP,
      })),
    }),
  ],
  'a campaign of 10 000 domains': [
    'PUT',
    '/v1/campaigns/large1',
    campaign({ targeting: { domains: { deny: times(10_000, (i) => `d${i}.com`) } } }),
  ],
  'an auction of many impressions': ['POST', '/openrtb2/example/bid', { id: '1', imp: imps(4_500) }],
  'an auction of many sizes': [
    'POST',
    '/openrtb2/example/bid',
    { id: '1', imp: [{ id: '1', banner: { format: times(8_000, (i) => ({ w: 1 + i, h: 250 })) } }] },
  ],
  'an auction with hollow values': [
    'POST',
    '/openrtb2/example/bid',
    `{"id":"1","imp":[{"id":"1","banner":{"w":300,"h":250}}],"ext":[${Array(85_000).fill('[]').join(',')}]}`,
  ],
  'an auction with many names': [
    'POST',
    '/openrtb2/example/bid',
    `{"id":"1","imp":[{"id":"1","banner":{"w":300,"h":250}}],"ext":{${times(20_000, (i) => `"${i}k":0`).join(',')}}}`,
  ],
  'a test request of 100 impressions': ['POST', '/v1/seats/example/test', { id: '1', imp: imps(100) }],
  'a test request of many sizes': [
    'POST',
    '/v1/seats/example/test',
    { id: '1', imp: [{ id: '1', banner: { format: times(8_000, (i) => ({ w: 1 + i, h: 250 })) } }] },
  ],
  'all seats': ['GET', '/v1/seats'],
  '200 requests': ['GET', '/api/v1/connectors/requests?limit=200'],
  'the queue': ['GET', '/api/v1/connectors/queue'],
  'all connections': ['GET', '/api/v1/connectors'],
  'all integrations': ['GET', '/api/v1/integrations'],
  'settings of many values': [
    'POST',
    '/api/v1/connectors/oauth/initiate',
    {
      connector_type: 'SHEETS',
      callback_url: 'http://127.0.0.1:9/',
      settings: { a: times(60_000, () => 0) },
    },
  ],
  ...NONSENSE,
  'targeting of nonsense': [
    'PUT',
    '/v1/campaigns/large2',
    `{"targeting":{"domains":{"deny":[${hollow(39_000, '0')}]}}}`,
  ],
  'targeting of wrong domains': [
    'PUT',
    '/v1/campaigns/large2',
    campaign({ targeting: { domains: { deny: times(15_000, (i) => `d_${i}`) } } }),
  ],
  'creatives that are wrong': [
    'PUT',
    '/v1/campaigns/large2',
    campaign({ creatives: times(6_000, (i) => ({ id: `${i}`, type: 'banner' })) }),
  ],
  'e-mails of nonsense': [
    'POST',
    '/api/v1/connectors/RESEND/emails',
    { emails: times(100, () => ({ to: times(2_000, () => 0) })) },
  ],
  records: [
    'PUT',
    '/api/v1/connectors/RESEND/records',
    { records: times(1_000, (i) => ({ email: `${i}@x.example`, text: 'x'.repeat(3_000) })) },
  ],
  'e-mails': [
    'POST',
    '/api/v1/connectors/RESEND/emails',
    {
      emails: times(100, (i) => ({
        from: 'a@b.example',
        to: ['delivered@resend.dev'],
        subject: `${i}`,
        text: 'x'.repeat(30_000),
      })),
    },
  ],
}

it('one caller keeps the event loop for milliseconds only', async () => {
  const service = start({
    PORT: '0',
    LOG_LEVEL: 'error',
    OPENRTB_BUDGET: '1000000',
    GOOGLE_ADS_RATE_LIMIT: '1000000/1',
    DATA_DIR: folder(),
    NODE_OPTIONS: `--import=${PROBE}`,
  })
  const url = await listening(service)
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  onTestFinished(() => agent.destroy())
  const send = async ([method, path, body]: Asked): Promise<{ status: number; text: string }> => {
    const sent = request(url + path, { method, agent, headers: { 'content-type': 'application/json' } })
    sent.end(typeof body === 'object' ? JSON.stringify(body) : body)
    const [answer] = await once(sent, 'response')
    let text = ''
    for await (const chunk of answer) text += chunk
    return { status: answer.statusCode ?? 0, text }
  }
  await fill(send)
  const mail = await send([
    'POST',
    '/api/v1/connectors',
    { connector_type: 'RESEND', api_key: 're_sandbox_full' },
  ])
  const resend = JSON.parse(mail.text).id

  const longest: Record<string, number> = {}
  for (const [name, [method, path, body]] of Object.entries(ASKED)) {
    const asked: Asked = [method, path.replace('RESEND', resend), body]
    const [first] = await rounds(() => send(asked), 1)
    const tookMs: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      await longestTurnMs(service)
      await rounds(() => send(asked), TIMES)
      tookMs.push((await longestTurnMs(service)) / slowness())
    }
    longest[name] = Math.min(...tookMs)
    process.stdout.write(
      `${name.padEnd(45)} ${first?.status} ${String(first?.text.length).padStart(8)} B, longest turn ${tookMs.map((ms) => ms.toFixed(1)).join(', ')} ms\n`,
    )
  }
  expect(Object.entries(longest).filter(([, ms]) => ms >= LONGEST_TURN_MS)).toEqual([])
})

/** Does it again and again, one after the other. */
async function rounds<T>(work: () => Promise<T>, count: number): Promise<T[]> {
  const done: T[] = []
  for (let i = 0; i < count; i++) done.push(await work())
  return done
}

/** So much that every list has its longest page. */
async function fill(send: (asked: Asked) => Promise<unknown>): Promise<void> {
  const few = async (count: number, make: (i: number) => Asked) => {
    for (let i = 0; i < count; i += 16)
      await Promise.all(times(Math.min(16, count - i), (j) => send(make(i + j))))
  }
  await few(1_200, (i) => ['PUT', `/v1/campaigns/m${i}`, campaign()])
  await few(100, (i) => [
    'PUT',
    `/v1/campaigns/a${i}`,
    campaign({
      creatives: times(100, (j) => ({
        id: `c${j}`,
        type: 'banner',
        sizes: [{ w: 300, h: 250 }],
        markup: MARKUP,
      })),
    }),
  ])
  await few(1_200, (i) => ['POST', '/v1/bids', bid(i, { dryRun: true, explanation: EXPLANATION })])
}
