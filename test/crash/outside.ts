import { hashKey } from '../../src/api/index.ts'
import { type FaultScript, type Sandbox, startSandbox } from '../../src/sandbox/index.ts'
import { systemClock } from '../../src/time/clock.ts'
import { type Acknowledged, type Bidders, startBidders } from './bidders.ts'
import { type Charge, peak, total } from './billing-record.ts'
import { type Exchange, startExchange } from './exchange.ts'
import { ask, askOften, KEY_NAME } from './http.ts'
import { pause, soon } from './wait.ts'

/** Windows of every limit, short so that money comes and goes many times. */
const WINDOW_SECONDS = 3
/** How long the exchange's bids are held. Longer than any client here is ever late. */
const HOLD_SECONDS = 6
const SEAT = 'x'
const PLATFORMS = ['google_ads', 'meta', 'tradedesk']
/** Large enough that what the killed processes leave behind fits beside the load. */
const PLATFORM_MAX = 20_000
/** Small: every campaign is bid on until its last money. */
const CAMPAIGN_MAX = 60
const EXCHANGE_MAX = 2
/** Never reached: shows what was ever counted. */
const EVER_MAX = 100_000_000
/** Of the latest bids, so many are looked up. */
const RECORDS_CHECKED = 500
/** With fewer bids and won auctions, or a window that is never filled so far, a run shows nothing. */
const LOAD_BIDS = 50
const LOAD_WON = 10
const LOAD_SHARE = 0.2
/** An audit that finds something missing is made again so often. */
const AUDIT_TRIES = 240

/** What `GET /v1/budgets` says of one budget. */
export interface Budget {
  readonly scope: string
  readonly forfeited?: { readonly amount: number }
  readonly limits: readonly {
    readonly kind: string
    readonly max: number
    readonly remaining: number
  }[]
}

/** Everything outside the processes that are killed: the platforms, the exchange, the clients, and their records. */
export interface Outside {
  /** The environment of the service: live mode, with the platforms played here. */
  environment(publicUrl: string): Record<string, string>
  /** Once, at the first start: sets every limit as an operator does. */
  setLimits(url: string): Promise<void>
  /** Once for every process: gives the exchange's auctions something to bid with. */
  putCampaign(url: string): Promise<void>
  startLoad(urls: readonly string[]): void
  /** Ends the load, and waits for every bill to be answered. */
  stopLoad(): Promise<void>
  /** From now on another campaign is bid on, whose budget is whole. */
  aimAtNext(): void
  /** Resolves when bids are placed and auctions won once more. */
  goesOn(): Promise<void>
  /** Resolves when so much was bid and won that the run shows something. */
  isLoad(): Promise<void>
  /** Resolves when a bid is answered with this code once more. */
  isRefused(...codes: readonly string[]): Promise<void>
  /** Of the platforms. */
  readonly faults: FaultScript
  readonly acknowledged: readonly Acknowledged[]
  readonly answers: ReadonlyMap<string, number>
  readonly auctionsWon: number
  /** What the platforms and the exchange have charged so far, in micros. */
  charged(): { readonly platforms: number; readonly exchange: number }
  /** What the service has forgotten of what it must count, in micros; compares `GET /v1/budgets` with the records. */
  audit(url: string): Promise<Audit>
  /** Of the latest acknowledged bids: how many `GET /v1/bids/{id}` does not know any more, at none of the processes. */
  recordsLost(urls: readonly string[]): Promise<number>
  verdict(): Verdict
  close(): Promise<void>
}

export interface Audit {
  /** Micros that outsiders charged, or will, and the service does not count. */
  readonly forgotten: number
  /** Limits that an operator set and the service does not know any more. */
  readonly limitsLost: number
  /** What dead processes left behind, as a share of the limit, of the budgets under load. */
  readonly forfeitedShares: readonly number[]
}

export interface Verdict {
  /** The most that any window of any limit was exceeded by, in micros. */
  readonly overspent: number
  /** The highest window of any limit, as a share of it. */
  readonly highest: number
  /** Bids that were acknowledged although no platform has them. */
  readonly unknown: number
  /** Bills that were told after their hold time, of which docs/internals/exchange.md says that they may exceed a limit. */
  readonly lateBills: number
}

/**
 * @param random for everything that clients and exchange do
 * @param generations campaigns to be bid on, one after the other
 */
export async function startOutside(random: () => number, generations: number): Promise<Outside> {
  // The wall clock may jump; what is compared here may not.
  const nowMs = () => performance.timeOrigin + performance.now()
  const sandbox = await startSandbox({ port: 0, clock: { ...systemClock, nowMs } })
  makeTrouble(sandbox)
  const limits = limitsOf(generations)
  let generation = 0
  let bidders: Bidders | undefined
  let exchange: Exchange | undefined

  const accepted = (scope: string): Charge[] => {
    const [kind, platform, campaignId] = scope.split(':')
    return sandbox.ledger.applied
      .filter(
        (write) =>
          write.kind === 'bid' &&
          write.platform === platform &&
          (kind === 'platform' || write.campaignId === campaignId),
      )
      .map(({ atMs, amount }) => ({ atMs, micros: amount }))
  }
  const charges = (scope: string): Charge[] =>
    scope === 'platform:openrtb' ? (exchange?.charges() ?? []) : accepted(scope)

  async function look(url: string): Promise<Audit> {
    const owed = [...limits.keys()].map((scope) => ({ scope, micros: total(charges(scope)) }))
    const reply = await askOften('GET', `${url}/v1/budgets`)
    if (reply?.status !== 200) throw new Error(`budgets: ${JSON.stringify(reply)}`)
    const budgets = new Map<string, Budget>(reply.body.budgets.map((one: Budget) => [one.scope, one]))
    const isUnderLoad = (scope: string) => scope === 'platform:openrtb' || scope.endsWith(`:g${generation}`)
    return {
      forgotten: owed.reduce(
        (sum, { scope, micros }) => sum + Math.max(0, micros - counted(budgets.get(scope))),
        0,
      ),
      limitsLost: [...limits].filter(([scope, max]) => limitOf(budgets.get(scope), 'sliding')?.max !== max)
        .length,
      forfeitedShares: [...limits].flatMap(([scope, max]) =>
        isUnderLoad(scope) ? [(budgets.get(scope)?.forfeited?.amount ?? 0) / max] : [],
      ),
    }
  }

  const verdict = (): Verdict => {
    const peaks = [...limits].map(([scope, max]) => ({
      max: max * 1e6,
      peak: peak(charges(scope), WINDOW_SECONDS * 1000),
    }))
    return {
      overspent: Math.max(0, ...peaks.map(({ peak, max }) => peak - max)),
      highest: Math.max(...peaks.map(({ peak, max }) => peak / max)),
      unknown: unknownTo(sandbox, bidders?.acknowledged ?? []),
      lateBills: exchange?.late().length ?? 0,
    }
  }

  return {
    environment: (publicUrl) => environmentOf(sandbox, publicUrl),
    async setLimits(url) {
      for (const [scope, max] of limits) {
        const body = {
          limits: [
            { kind: 'sliding', windowSeconds: WINDOW_SECONDS, max },
            { kind: 'lifetime', max: EVER_MAX },
          ],
        }
        await putUntilHeard(`${url}/v1/budgets/${scope}`, body)
      }
    },
    async putCampaign(url) {
      await putUntilHeard(`${url}/v1/campaigns/crash`, CAMPAIGN)
    },
    startLoad(urls) {
      const campaign = () => `g${generation}`
      bidders = startBidders({ urls, random, campaign, workers: 8 })
      exchange = startExchange({
        urls,
        seat: SEAT,
        holdMs: HOLD_SECONDS * 1000,
        nowMs,
        random,
        workers: 4,
      })
    },
    async stopLoad() {
      await Promise.all([bidders?.stop(), exchange?.stop()])
    },
    aimAtNext() {
      generation = Math.min(generation + 1, generations - 1)
    },
    async goesOn() {
      const placed = bidders?.acknowledged.length ?? 0
      const won = exchange?.charges().length ?? 0
      await soon('bids are placed', () => (bidders?.acknowledged.length ?? 0) > placed + 3)
      await soon('auctions are won', () => (exchange?.charges().length ?? 0) > won)
    },
    async isLoad() {
      await soon(
        'it was a load',
        () =>
          (bidders?.acknowledged.length ?? 0) > LOAD_BIDS &&
          (exchange?.charges().length ?? 0) > LOAD_WON &&
          verdict().highest > LOAD_SHARE,
      )
    },
    async isRefused(...codes) {
      const refused = () => codes.reduce((sum, code) => sum + (bidders?.answers.get(code) ?? 0), 0)
      const before = refused()
      await soon(`bids are answered ${codes.join(' or ')}`, () => refused() > before)
    },
    faults: sandbox.faults,
    get acknowledged() {
      return bidders?.acknowledged ?? []
    },
    get answers() {
      return bidders?.answers ?? new Map()
    },
    get auctionsWon() {
      return exchange?.charges().length ?? 0
    },
    charged: () => ({
      platforms: PLATFORMS.reduce((sum, platform) => sum + total(charges(`platform:${platform}`)), 0),
      exchange: total(charges('platform:openrtb')),
    }),
    async audit(url) {
      let found = await look(url)
      // Until the process has heard from its store, it shows less.
      for (let tries = 0; found.forgotten + found.limitsLost > 0 && tries < AUDIT_TRIES; tries++) {
        await pause(250)
        found = await look(url)
      }
      return found
    },
    async recordsLost(urls) {
      let lost = 0
      for (const { bidId } of (bidders?.acknowledged ?? []).slice(-RECORDS_CHECKED)) {
        const found = await Promise.all(urls.map((url) => askOften('GET', `${url}/v1/bids/${bidId}`)))
        if (!found.some((answer) => answer?.status === 200)) lost += 1
      }
      return lost
    },
    verdict,
    async close() {
      await Promise.all([bidders?.stop(), exchange?.abandon()])
      await sandbox.close()
    },
  }
}

/** An operator who is refused because a disk or a network stood still asks again. */
async function putUntilHeard(address: string, body: unknown): Promise<void> {
  await soon(`PUT ${address}`, async () => (await ask('PUT', address, body))?.status === 200)
}

/** Some calls take longer, and of some the answer is lost although they took effect. */
function makeTrouble({ faults }: Sandbox): void {
  for (const platform of ['google_ads', 'meta', 'tradedesk'] as const) {
    faults.add({ platform, times: 'always', probability: 0.02, fault: { is: 'reset_after' } })
    faults.add({ platform, times: 'always', probability: 0.3, fault: { is: 'latency', ms: 25 } })
  }
}

/** Maximum in units by scope. */
function limitsOf(generations: number): Map<string, number> {
  const limits = new Map([['platform:openrtb', EXCHANGE_MAX]])
  for (const platform of PLATFORMS) {
    limits.set(`platform:${platform}`, PLATFORM_MAX)
    for (let i = 0; i < generations; i++) limits.set(`campaign:${platform}:g${i}`, CAMPAIGN_MAX)
  }
  return limits
}

const limitOf = (budget: Budget | undefined, kind: string) =>
  budget?.limits.find((limit) => limit.kind === kind)

/** Micros spent, held or forfeited, ever. */
function counted(budget: Budget | undefined): number {
  const ever = limitOf(budget, 'lifetime')
  return ever ? Math.round((ever.max - ever.remaining) * 1e6) : 0
}

/** Where a platform keeps no id of ours, as many bids of the same amount on the same campaign must be there. */
function unknownTo({ ledger }: Sandbox, acknowledged: readonly Acknowledged[]): number {
  const nameOf = (one: { platform: string; campaignId: string }, amount: number, id: string | undefined) =>
    one.platform === 'meta'
      ? `${one.campaignId} ${amount}`
      : `${one.platform} ${one.campaignId} ${amount} ${id}`
  const known = new Map<string, number>()
  for (const write of ledger.applied) {
    if (write.kind !== 'bid') continue
    const name = nameOf(write, write.amount, write.decisionId)
    known.set(name, (known.get(name) ?? 0) + 1)
  }
  return acknowledged.filter((bid) => {
    const name = nameOf(bid, bid.micros, bid.bidId)
    const left = known.get(name) ?? 0
    known.set(name, left - 1)
    return left <= 0
  }).length
}

const CAMPAIGN = {
  seat: SEAT,
  advertiserDomain: 'shop.example',
  price: { cpmPerLtv: 0.01, minCpm: 5, maxCpm: 20 },
  creatives: [{ id: 'one', type: 'banner', sizes: [{ w: 300, h: 250 }], markup: '<b>hello</b>' }],
}

function environmentOf({ urls, credentials }: Sandbox, publicUrl: string): Record<string, string> {
  const { googleAds, meta, tradedesk } = credentials
  const often = '1000000/1'
  // What is slow here is the machine.
  const patient = '100000/60000/1/1'
  return {
    MOCK_MODE: 'false',
    PUBLIC_URL: publicUrl,
    API_KEYS: `crash:admin:${hashKey(KEY_NAME).toString('hex')}`,
    LOG_LEVEL: 'error',
    NOTICE_SECRET: 'crash-test'.repeat(4),
    BUDGET_WINDOW_SECONDS: String(WINDOW_SECONDS),
    OPENRTB_SEATS: JSON.stringify([{ id: SEAT, holdSeconds: HOLD_SECONDS }]),
    OPENRTB_SHED_ABOVE_MS: '10000',
    PLATFORM_TIMEOUT_SECONDS: '5',
    GOOGLE_ADS_URL: urls.googleAds,
    GOOGLE_OAUTH_URL: urls.googleOauth,
    GOOGLE_ADS_CUSTOMER_ID: googleAds.customerId,
    GOOGLE_ADS_CLIENT_ID: googleAds.clientId,
    GOOGLE_ADS_CLIENT_SECRET: googleAds.clientSecret,
    GOOGLE_ADS_REFRESH_TOKEN: googleAds.refreshToken,
    GOOGLE_ADS_RATE_LIMIT: often,
    GOOGLE_ADS_BREAKER: patient,
    META_URL: urls.meta,
    META_ACCESS_TOKEN: meta.accessToken,
    META_BUSINESS_ID: meta.businessId,
    META_RATE_LIMIT: often,
    META_BREAKER: patient,
    TRADEDESK_URL: urls.tradedesk,
    TRADEDESK_BID_URL: urls.tradedeskBid,
    TRADEDESK_API_KEY: tradedesk.apiKey,
    TRADEDESK_PARTNER_ID: tradedesk.partnerId,
    TRADEDESK_ADVERTISER_DOMAIN: 'shop.example',
    TRADEDESK_RATE_LIMIT: often,
    TRADEDESK_BREAKER: patient,
  }
}
