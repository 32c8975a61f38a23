import {
  decide,
  isRefusal,
  type OpenRtbRequest,
  readBidRequest,
} from '../src/agent/exchange/openrtb/index.ts'
import { bannerRequest, createBidder } from '../test/support/bidder.ts'

// First-price auctions on the real bidder and virtual time, two a second. The exchange tells wins after 2 s and losses after 5 s, but
// three in ten losses never; the lowest price that would have won is told by some exchanges with every notice, by some with losses,
// by some never.

const GAP_MS = 500
const [WON_AFTER, LOST_AFTER] = [4, 10]
const UNTOLD = 0.3
const ANSWERED = 1e6

/** The lowest winning price of an auction, in CPM units; `at` is how far the trial is, 0 to 1. */
type Market = (random: () => number, at: number, worth: number) => number

const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
const around = (random: () => number, middle: number, spread: number): number =>
  middle * Math.exp(spread * normal(random))

/** Impressions are worth about 4 to us. */
export const MARKETS = {
  'one hump': (random) => around(random, 2, 0.5),
  'all prices alike': (random) => 0.1 + 5 * random(),
  'two rivals': (random) => around(random, random() < 0.6 ? 1 : 3, 0.1),
  'a floor that most meet': (random) => Math.max(1.5, around(random, 1.2, 0.6)),
  'prices that rise': (random, at) => around(random, 1.2 + at, 0.4),
  'prices that double at once': (random, at) => around(random, at < 0.5 ? 1.2 : 2.6, 0.4),
  'rivals who know the worth': (random, _, worth) => around(random, 0.6 * worth, 0.3),
} as const satisfies Record<string, Market>

export type MarketName = keyof typeof MARKETS

export interface ShadingTrial {
  readonly markets: readonly MarketName[]
  readonly auctions: number
  /** When the lowest winning price is told. */
  readonly lowest: 'never' | 'lost' | 'always'
  readonly seed: number
}

export interface ShadingResult {
  /** Worth less price of all wins, over that of the best fixed shade in hindsight: one for each market. */
  readonly ofBestFixed: number
  /** Worth less price over the worth of what was won: what one who bids the whole worth pays more for the same wins. */
  readonly saved: number
  readonly wins: number
  /** Whether a price was above its worth. */
  readonly isEverAbove: boolean
}

/** A small generator with a fixed seed, so that every trial sees the same luck. */
function luck(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Slots of different classes, for trials of several markets. */
const SIZES = [
  { w: 300, h: 250 },
  { w: 320, h: 50 },
  { w: 300, h: 600 },
] as const

function requestFor(market: number): OpenRtbRequest {
  const request = readBidRequest(bannerRequest({ banner: SIZES[market % SIZES.length] }, { at: 1 }))
  if (isRefusal(request)) throw new Error('the request of the trial is refused')
  return request
}

const FIXED = Array.from({ length: 91 }, (_, i) => (10 + i) / 100)

/** Plays the auctions of a trial, from a start with nothing known. */
export function playShading({ markets, auctions, lowest, seed }: ShadingTrial): ShadingResult {
  const [random, ownLuck] = [luck(seed), luck(seed + 1)]
  const sizes = [...SIZES]
  const creatives = [{ id: 'ad', type: 'banner' as const, sizes, markup: '<b>Ad</b>' }]
  const campaign = { price: { cpmPerLtv: 1, maxCpm: 1_000 }, creatives }
  const { clock, deps, seat, shader } = createBidder({
    campaigns: { c1: campaign },
    random: ownLuck,
    holdMs: 60_000,
  })
  const requests = markets.map((_, i) => requestFor(i))
  const due = new Map<number, (() => void)[]>()
  const fixed = markets.map(() => FIXED.map(() => 0))
  let [gained, bought, wins, isEverAbove] = [0, 0, 0, false]
  for (let i = 0; i < auctions; i++) {
    clock.advance(GAP_MS)
    for (const task of due.get(i) ?? []) task()
    due.delete(i)
    const market = Math.floor(random() * markets.length)
    const [name, request] = [markets[market], requests[market]]
    if (name === undefined || !request) continue
    const worth = Math.round(around(random, 4, 0.4) * 1_000) / 1_000
    const needed = MARKETS[name](random, i / auctions, worth)
    const isTold = random() >= UNTOLD
    const best = fixed[market]
    for (const [j, share] of FIXED.entries())
      if (best && worth * share >= needed) best[j] = (best[j] ?? 0) + worth * (1 - share)
    const bid = decide(deps, seat, { ...request, prediction: { ltv: worth, confidence: 1 } }).groups[0]
      ?.bids[0]
    if (!bid) throw new Error('the trial has no bid')
    const price = bid.price / ANSWERED
    isEverAbove ||= price > worth
    const isWon = price >= needed
    const told = lowest === 'always' || (lowest === 'lost' && !isWon) ? needed : undefined
    const tell = () => {
      if (isWon) deps.auctionBudget.settle(bid.seq, bid.cost)
      else deps.auctionBudget.release(bid.seq)
      shader.heard(bid.seq, { fate: isWon ? 'won' : 'lost', lowest: told })
    }
    if (isWon || isTold)
      due.set(i + (isWon ? WON_AFTER : LOST_AFTER), [
        ...(due.get(i + (isWon ? WON_AFTER : LOST_AFTER)) ?? []),
        tell,
      ])
    if (!isWon) continue
    wins += 1
    gained += worth - price
    bought += worth
  }
  const bestFixed = fixed.reduce((sum, gains) => sum + Math.max(...gains), 0)
  return { ofBestFixed: gained / bestFixed, saved: gained / bought, wins: wins / auctions, isEverAbove }
}

const percent = (part: number) => `${(part * 100).toFixed(1)} %`
const row = (...cells: (string | number)[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`)
const NAMES = Object.keys(MARKETS) as MarketName[]

/** What shading gains, and what it costs an auction. */
export async function benchShading(): Promise<void> {
  row('market', 'lowest price told', '1,000 auctions', '10,000 auctions', 'saved on the same wins', 'won')
  row(...Array(6).fill('---'))
  const trials = [...NAMES.map((name) => [name]), NAMES.slice(0, 3)]
  for (const markets of trials) {
    for (const lowest of ['never', 'lost', 'always'] as const) {
      const [short, long] = [1_000, 10_000].map((auctions) =>
        playShading({ markets, auctions: auctions * markets.length, lowest, seed: 7 }),
      )
      if (!short || !long) continue
      const cells = [percent(short.ofBestFixed), percent(long.ofBestFixed), percent(long.saved)]
      row(markets.join(', '), lowest, ...cells, percent(long.wins))
    }
  }
  cost()
}

/** An auction of a first price beside the same of a second price, by processor time, in turn. */
function cost(): void {
  const time = (at: number): number => {
    const { clock, deps, seat, shader } = createBidder({ random: luck(3), holdMs: 60_000 })
    const request = readBidRequest(bannerRequest({}, { at }))
    if (isRefusal(request)) throw new Error('the request of the trial is refused')
    const rounds = 20_000
    const before = process.cpuUsage()
    for (let i = 0; i < rounds; i++) {
      clock.advance(10)
      const bid = decide(deps, seat, { ...request }).groups[0]?.bids[0]
      if (bid) {
        deps.auctionBudget.release(bid.seq)
        shader.heard(bid.seq, { fate: i % 2 === 0 ? 'won' : 'lost', lowest: undefined })
      }
    }
    return process.cpuUsage(before).user / rounds
  }
  time(1)
  const pairs = Array.from({ length: 5 }, () => [time(1), time(2)] as const)
  const ratios = pairs.map(([first, second]) => first / second).sort((a, b) => a - b)
  const added = pairs.map(([first, second]) => first - second).sort((a, b) => a - b)
  process.stdout.write(
    `\nAn auction of a first price over one of a second price: ${ratios[2]?.toFixed(2)} (${added[2]?.toFixed(1)} µs more).\n`,
  )
}
