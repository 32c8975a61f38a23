import { expect, it, onTestFinished } from 'vitest'
import { type Asked, createCaller } from '../fuzz/caller.ts'
import { heapInUseMiB, PROBE } from '../support/probed.ts'
import { listening, start } from '../support/service.ts'

/** Of everything that a caller can name. */
const VALUES = Number(process.env['DISTINCT_VALUES'] ?? 20_000)
/** What is counted before: all that is counted is then there. */
const WARM_UP = 200
const AT_ONCE = 32
/** Series that a rare outcome may still add, such as a call that took too long. */
const MORE_SERIES = 50
/** Of what the heap holds, over the second half: so many bytes for each value would be too much. */
const MAX_BYTES_PER_VALUE = 1_000

/** So short that each is full before half is played. */
const TABLE_LIMITS = [
  ...['idempotency_keys=500', 'decisions=500', 'callers=500', 'budgets=500', 'paused_budgets=500'],
  ...['campaigns=100', 'authorizations=100', 'deferred_bids=100', 'seen_bids=8192'],
].join(',')

const auction = (i: number) => ({
  id: `r${i}`,
  imp: [{ id: `imp${i}`, tagid: `t${i}`, banner: { w: 300, h: 250 }, pmp: { deals: [{ id: `d${i}` }] } }],
  site: { id: `s${i}`, domain: `d${i}.example`, page: `https://d${i}.example/`, publisher: { id: `p${i}` } },
  device: { ua: `agent ${i}`, ifa: `ifa${i}` },
  user: { id: `u${i}`, eids: [{ source: `s${i}.example`, uids: [{ id: `i${i}` }] }] },
  cur: [
    `X${String.fromCharCode(65 + (i % 26))}${String.fromCharCode(65 + (Math.floor(i / 26) % 26))}`,
    'USD',
  ],
})
const bid = (i: number) => ({
  ...{ customerId: `c${i}`, campaignId: `camp${i}`, predictedLtv: 5, bidAmount: 1, dryRun: true },
  ...{ platform: i % 2 === 0 ? 'meta' : `platform${i}`, explanation: `because of ${i}` },
})
const campaign = (i: number) => ({
  seat: i % 2 === 0 ? 'example' : `seat${i}`,
  advertiserDomain: `adv${i}.example`,
  price: { cpmPerLtv: 0.01, minCpm: 1, maxCpm: 20 },
  creatives: [{ id: `c${i}`, type: 'banner', sizes: [{ w: 1, h: 1 }], markup: 'x' }],
})
const login = (i: number) => ({
  connector_type: i % 2 === 0 ? 'DV360' : `TYPE${i}`,
  callback_url: `http://127.0.0.1:9/back${i}`,
})

/** One of everything, each with a value of its own. @param lost path of a loss notice that was signed */
function asked(i: number, lost: string): Asked[] {
  const json = (method: string, path: string, body: unknown, headers = {}) => ({
    ...{ method, path, body: JSON.stringify(body) },
    headers: { 'user-agent': `agent ${i}`, ...headers },
  })
  const get = (path: string): Asked => ({ method: 'GET', path, headers: { 'x-request-id': `${i}` } })
  return [
    get(`${lost}?loss=${i + 1}&price=${i}`),
    get(`/openrtb2/notice/win/n1.${i}`),
    get(`/path${i}`),
    get(`/v1/seats/seat${i}`),
    get(`/api/v1/connectors/types/TYPE${i}`),
    json('POST', `/openrtb2/seat${i}/bid`, { id: '1' }),
    json('POST', '/openrtb2/example/bid', auction(i)),
    json('POST', '/v1/bids', bid(i), { 'idempotency-key': `key-${i}`, authorization: `Bearer key${i}` }),
    json('POST', `/v1/budgets/campaign:tradedesk:z${i}/pause`, { reason: `reason ${i}` }),
    json('PUT', `/v1/campaigns/tmp${i}`, campaign(i)),
    json('PUT', '/v1/ltv', { rows: [{ userId: `u${i}`, idType: `eid:s${i}`, predictedLtv: 5 }] }),
    json('POST', '/api/v1/connectors/oauth/initiate', login(i)),
    json('POST', `/api/v1/webhooks/platform${i}/id${i}`, {}),
  ]
}

it(`${VALUES} values of everything that a caller can name make neither metrics nor memory longer`, async () => {
  const service = start({
    ...{ PORT: '0', LOG_LEVEL: 'silent', TABLE_LIMITS, OPENRTB_MAX_PREDICTIONS: '500' },
    NODE_OPTIONS: `--import=${PROBE}`,
  })
  const caller = createCaller(await listening(service), 'none', AT_ONCE)
  onTestFinished(() => caller.close())
  const seriesCount = async () => {
    const { body } = await caller.send({ method: 'GET', path: '/metrics' })
    return body.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length
  }
  const { seatbid } = await caller.json({ method: 'POST', path: '/openrtb2/example/bid', body: auction(0) })
  const lost = new URL(seatbid[0].bid[0].lurl).pathname
  const failed: string[] = []
  const play = async (from: number, to: number) => {
    let next = from
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        while (next < to) {
          for (const one of asked(next++, lost)) {
            const { status, body } = await caller.send(one)
            if (status >= 500) failed.push(`${one.method} ${one.path} → ${status} ${body.slice(0, 200)}`)
          }
        }
      }),
    )
  }

  await play(0, WARM_UP)
  const before = await seriesCount()
  await play(WARM_UP, VALUES / 2)
  const halfMiB = await heapInUseMiB(service)
  await play(VALUES / 2, VALUES)
  const endMiB = await heapInUseMiB(service)
  const after = await seriesCount()
  process.stdout.write(
    `series ${before} → ${after}, heap in use ${halfMiB.toFixed(1)} → ${endMiB.toFixed(1)} MiB\n`,
  )
  expect(failed.slice(0, 10)).toEqual([])
  expect(after).toBeLessThanOrEqual(before + MORE_SERIES)
  expect(endMiB - halfMiB).toBeLessThan(((VALUES / 2) * MAX_BYTES_PER_VALUE) / 2 ** 20)
})
