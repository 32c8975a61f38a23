import { randomBytes } from 'node:crypto'
import { hashKey } from '../../src/api/index.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { type Answered, type Caller, createCaller } from './caller.ts'
import { type Case, createCases, type Known } from './cases.ts'
import { CALLBACK, connect, TYPES } from './connections.ts'
import { createFuzz } from './mutate.ts'
import { operationsOf } from './operations.ts'
import { type SpoiledPlatforms, startSpoiledPlatforms } from './platforms.ts'
import { type FuzzedService, startFuzzed } from './service.ts'

export interface FuzzReport {
  readonly cases: number
  readonly seconds: number
  /** Answers by kind of case and status. */
  readonly answers: Readonly<Record<string, number>>
  /** Answers of 500 and above that say what it is, by their code. */
  readonly said: Readonly<Record<string, number>>
  /** Those that do not, and cases that were not answered at all; each with what was asked. */
  readonly wrong: readonly string[]
  /** Answers of platforms that were not theirs. */
  readonly spoiled: number
  /** The longest turns of the event loop, one of each second, in milliseconds of its own work. */
  readonly longestTurnsMs: readonly number[]
  readonly residentMiB: {
    readonly start: number
    readonly half: number
    readonly end: number
    /** Once garbage is collected. */
    readonly collected: number
  }
  /** What the heap holds in the end, once garbage is collected; undefined where the service has ended. */
  readonly heapMiB: number | undefined
  readonly hasEnded: boolean
  /** The last that the service has printed. */
  readonly output: string
}

export interface FuzzOptions {
  /** So many, but for no longer than so many milliseconds. */
  readonly cases: number
  readonly forMs?: number
  readonly seed: number
  /** Told of what was played so far, now and then. */
  readonly onProgress: (text: string) => void
}

const AT_ONCE = 16
/** Of the answers of platforms. The others let conversations go on to where the next one may be spoiled. */
const SPOILED_SHARE = 0.3
const CONNECTIONS = 24
/** A connection is made anew after so many cases, in the place of the oldest. */
const CASES_PER_CONNECTION = 200
/** So often resident memory is looked at: a share of all cases, at most so many. */
const PROGRESS_REPORTS = 50
const MAX_REPORTED_AFTER = 20_000
/** While the service starts nobody waits for it yet. */
const STARTING_SECONDS = 5
const KEPT_WRONG = 20
const KEY = 'fuzz'

/** Plays cases against the real service in live mode, over platforms whose answers are spoiled. */
export async function play({
  cases,
  forMs = Number.POSITIVE_INFINITY,
  seed,
  onProgress,
}: FuzzOptions): Promise<FuzzReport> {
  const fuzz = createFuzz(seededRandom(seed))
  const platforms = await startSpoiledPlatforms(createFuzz(seededRandom(seed + 1)))
  const service = await startFuzzed(environment(platforms))
  const caller = createCaller(service.url, KEY, AT_ONCE)
  try {
    const known: Known = { connections: [], requests: [], bids: [], notices: [] }
    const operations = operationsOf(await caller.json({ method: 'GET', path: '/openapi.json' }))
    await putCampaigns(caller)
    for (const type of TYPES) {
      const made = await connect(caller, platforms, type)
      if (!made) throw new Error(`${type} cannot be connected:\n${service.output()}`)
      known.connections.push(made)
    }
    platforms.spoil(SPOILED_SHARE)
    const next = createCases(fuzz, known, operations)
    return await playAll({ cases, forMs, onProgress, service, platforms, caller, known, next })
  } finally {
    caller.close()
    await service.close()
    await platforms.close()
  }
}

interface Playing {
  readonly cases: number
  readonly forMs: number
  readonly onProgress: (text: string) => void
  readonly service: FuzzedService
  readonly platforms: SpoiledPlatforms
  readonly caller: Caller
  readonly known: Known
  readonly next: () => Case
}

async function playAll(playing: Playing): Promise<FuzzReport> {
  const { cases, forMs, onProgress, service, platforms, caller, next } = playing
  const tally = createTally()
  const startedMs = performance.now()
  const seconds = () => (performance.now() - startedMs) / 1000
  const resident = [service.residentMiB()]
  let played = 0
  const reportEvery = Math.min(MAX_REPORTED_AFTER, Math.ceil(cases / PROGRESS_REPORTS))
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (played < cases && performance.now() - startedMs < forMs && !service.hasEnded) {
        played += 1
        if (played % reportEvery === 0) {
          resident.push(service.residentMiB())
          onProgress(progress(played, seconds(), service, tally.counts))
        }
        if (played % CASES_PER_CONNECTION === 0) await renew(playing, played / CASES_PER_CONNECTION)
        const one = next()
        await caller.send(one).then(
          (answer) => tally.answered(one, answer),
          (error) => tally.unanswered(one, error),
        )
      }
    }),
  )
  const playedSeconds = seconds()
  const heapMiB = service.hasEnded ? undefined : await service.heapMiB()
  return {
    ...tally.counts,
    cases: played,
    seconds: playedSeconds,
    spoiled: platforms.spoiled,
    longestTurnsMs: service.turnsMs
      .slice(STARTING_SECONDS)
      .toSorted((a, b) => b - a)
      .slice(0, 10),
    residentMiB: {
      start: resident[0] ?? 0,
      half: resident[Math.floor(resident.length / 2)] ?? 0,
      end: resident.at(-1) ?? 0,
      collected: service.hasEnded ? 0 : service.residentMiB(),
    },
    heapMiB,
    hasEnded: service.hasEnded,
    output: service.output(),
  }
}

function progress(
  played: number,
  seconds: number,
  service: FuzzedService,
  { said, wrong }: { readonly said: object; readonly wrong: readonly string[] },
): string {
  const longestMs = Math.max(...service.turnsMs.slice(STARTING_SECONDS))
  const figures = `${played} in ${seconds.toFixed(0)} s, ${service.residentMiB().toFixed(0)} MiB, longest turn ${longestMs} ms`
  return `${figures}, ${JSON.stringify(said)}, wrong: ${wrong.length}`
}

/** Makes a connection anew, of each type in turn. */
async function renew({ caller, platforms, known }: Playing, round: number): Promise<void> {
  const type = TYPES[round % TYPES.length] ?? 'SHEETS'
  const made = await connect(caller, platforms, type).catch(() => undefined)
  if (!made) return
  known.connections.push(made)
  if (known.connections.length <= CONNECTIONS) return
  const [oldest] = known.connections.splice(0, 1)
  await caller.send({ method: 'DELETE', path: `/api/v1/connectors/${oldest?.id}` }).catch(() => undefined)
}

function createTally() {
  const answers: Record<string, number> = {}
  const said: Record<string, number> = {}
  const wrong: string[] = []
  const count = (of: Record<string, number>, name: string) => {
    of[name] = (of[name] ?? 0) + 1
  }
  const note = ({ method, path, body = '' }: Case, what: string) => {
    if (wrong.length < KEPT_WRONG) wrong.push(`${method} ${path} ${body.slice(0, 300)} → ${what}`)
  }
  return {
    counts: { answers, said, wrong },
    answered(one: Case, answer: Answered) {
      const { status, body } = answer
      count(answers, `${one.kind} ${status}`)
      if (status < 500) return one.learn?.(answer)
      // `/readyz` says it in lines of text.
      const code: string | undefined = body.startsWith('{')
        ? JSON.parse(body).code
        : /^[a-z_]+(?=:)/.exec(body)?.[0]
      if (code === undefined || code === 'internal') note(one, `${status} ${body.slice(0, 300)}`)
      else count(said, code)
    },
    unanswered(one: Case, error: Error) {
      count(answers, `${one.kind} none`)
      note(one, error.message)
    },
  }
}

const CAMPAIGNS = 8

async function putCampaigns(caller: Caller): Promise<void> {
  for (let i = 0; i < CAMPAIGNS; i++) {
    const body = {
      seat: 'example',
      advertiserDomain: 'advertiser.example',
      price: { cpmPerLtv: 0.05, minCpm: 1, maxCpm: 5 },
      creatives: [
        {
          id: 'c',
          type: 'banner',
          sizes: [
            { w: 300, h: 250 },
            { w: 1, h: 2 },
          ],
          markup: '<a>',
        },
      ],
    }
    if (!(await caller.json({ method: 'PUT', path: `/v1/campaigns/fuzz${i}`, body })))
      throw new Error('a campaign was not taken')
  }
}

/** Live mode, with the platforms where they are played, and limits that keep no case from being played. */
function environment({ url, sandbox }: SpoiledPlatforms): Record<string, string> {
  const { credentials, sync } = sandbox
  const own = (address: string) => address.replace(sandbox.url, url)
  const hosts = Object.entries(sync).map(([type, { baseUrls }]) => [
    type,
    { ...Object.fromEntries(Object.entries(baseUrls).map(([name, at]) => [name, own(at)])), files: url },
  ])
  const clients = Object.entries(sync).flatMap(([type, { client }]) => (client ? [[type, client]] : []))
  const much = '999999999/1'
  return {
    PORT: '0',
    LOG_LEVEL: 'error',
    API_KEYS: `fuzz:admin:${hashKey(KEY).toString('hex')}`,
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    PUBLIC_URL: 'https://bid.example',
    OPENRTB_SEATS: '[{"id":"example"}]',
    OPENRTB_BUDGET: '1000000',
    LTV_PREDICTOR_URL: `${url}/predictor`,
    GOOGLE_ADS_URL: own(sandbox.urls.googleAds),
    GOOGLE_OAUTH_URL: own(sandbox.urls.googleOauth),
    GOOGLE_ADS_CUSTOMER_ID: credentials.googleAds.customerId,
    GOOGLE_ADS_CLIENT_ID: credentials.googleAds.clientId,
    GOOGLE_ADS_CLIENT_SECRET: credentials.googleAds.clientSecret,
    GOOGLE_ADS_REFRESH_TOKEN: credentials.googleAds.refreshToken,
    META_URL: own(sandbox.urls.meta),
    META_ACCESS_TOKEN: credentials.meta.accessToken,
    META_BUSINESS_ID: credentials.meta.businessId,
    TRADEDESK_URL: own(sandbox.urls.tradedesk),
    TRADEDESK_BID_URL: own(sandbox.urls.tradedeskBid),
    TRADEDESK_API_KEY: credentials.tradedesk.apiKey,
    TRADEDESK_PARTNER_ID: credentials.tradedesk.partnerId,
    TRADEDESK_ADVERTISER_DOMAIN: 'advertiser.example',
    ...Object.fromEntries(
      ['GOOGLE_ADS', 'META', 'TRADEDESK'].flatMap((name) => [
        [`${name}_BUDGET`, '1000000'],
        [`${name}_RATE_LIMIT`, much],
        [`${name}_BREAKER`, '999999/999999/1/1'],
      ]),
    ),
    CONNECTOR_URLS: JSON.stringify(Object.fromEntries(hosts)),
    CONNECTOR_RATE_LIMITS: TYPES.map((type) => `${type}=${much}`).join(','),
    CONNECTOR_KEEP_REQUESTS_DAYS: '1',
    OAUTH_CLIENTS: JSON.stringify(Object.fromEntries(clients)),
    OAUTH_CALLBACK_URLS: CALLBACK,
  }
}
