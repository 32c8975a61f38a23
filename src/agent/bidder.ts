import { LRUCache } from 'lru-cache'
import type { Clock } from '../clock.ts'
import { microsFloor, toUnits } from '../money.ts'
import type { OwnerMail, SharedTally } from '../shield/index.ts'
import { type Agent, campaignScope, platformScope, scopesOf as scopesPaying } from './agent.ts'
import type { News } from './crew.ts'
import type { KeptSeen } from './keep-seen.ts'
import {
  CampaignIndex,
  createBidIds,
  createBidLedger,
  createNoticeTokens,
  type DecideDeps,
  type ElsewhereDeps,
  LossTrust,
  limitsOf,
  type NoticeDeps,
  type NoticeTokens,
  Predictions,
  prepareCampaign,
  type Rates,
  type Seat,
} from './openrtb/index.ts'
import { SeatStats } from './seat-stats.ts'
import { ShedLimit } from './shed-limit.ts'

/** A seat as configured: how it is paid, and who may ask. */
export interface SeatConfig extends Seat {
  /** Requests need an API key with the scope `bid`. */
  readonly requireKey: boolean
  /** Addresses that may ask; empty for any. */
  readonly allowFrom: readonly string[]
}

export interface BidderConfig {
  readonly seats: readonly SeatConfig[]
  readonly currency: string
  /** Units of each currency that one unit of `currency` is worth; itself at 1. */
  readonly rates: Rates
  readonly networkMarginMs: number
  /** See {@link DecideDeps.maxRequestShare}. */
  readonly maxRequestShare: number
  /** Above this the event loop is too late, in milliseconds; undefined for a limit that follows the machine. */
  readonly shedAboveMs: number | undefined
  readonly maxPredictions: number
  readonly noticeSecret: string
  /** Another process defines the budgets of campaigns; false where nothing is said. */
  readonly followsBudgets?: boolean
}

/** The OpenRTB bidder of this process: what its routes work with. */
export interface Bidder {
  readonly seats: ReadonlyMap<string, SeatConfig>
  /** Of a configured seat. */
  statsOf(seat: string): SeatStats
  readonly campaigns: CampaignIndex
  readonly predictions: Predictions
  readonly decide: DecideDeps
  readonly notices: ElsewhereDeps
  /** See {@link KeptSeen.kept}: a notice is answered after it. */
  readonly noticesKept: KeptSeen['kept']
  readonly tokens: NoticeTokens
  readonly shedLimit: ShedLimit
  /** Decides by it from now on. What a campaign that is replaced has spent stays spent. */
  learn(news: News): void
}

/** What platforms are to bids on their APIs, all exchanges are to auctions. */
const EXCHANGES = 'openrtb'
export const OPENRTB_SCOPE = platformScope(EXCHANGES)

/** What a bidder shares with other processes. */
export interface BidderShares {
  /** How other owners are reached; undefined where there are no others. */
  readonly mail: OwnerMail | undefined
  /** By seat, micros of losses that a win or a bill contradicted. */
  readonly falseLosses: SharedTally
}

export function createBidder(
  agent: Pick<Agent, 'clock' | 'budget' | 'fallback'>,
  config: BidderConfig,
  { seen, kept }: KeptSeen,
  { mail, falseLosses }: BidderShares,
): Bidder {
  const { clock, budget, fallback } = agent
  const campaigns = new CampaignIndex()
  const predictions = new Predictions(clock, config.maxPredictions)
  const ids = createBidIds(budget.owner)
  const ledger = createBidLedger(budget)
  const tokens = createNoticeTokens([{ id: 'n2', secret: config.noticeSecret }])
  const scopesOf = (campaign: string) => scopesPaying(budget, EXCHANGES, campaign)
  const statsOf = statsBySeat(clock)
  return {
    seats: new Map(config.seats.map((seat) => [seat.id, seat])),
    statsOf,
    campaigns,
    predictions,
    tokens,
    shedLimit: new ShedLimit(clock, config.shedAboveMs, config.networkMarginMs),
    decide: {
      clock,
      campaigns,
      ledger,
      ids,
      tokens,
      currency: config.currency,
      rates: config.rates,
      networkMarginMs: config.networkMarginMs,
      maxRequestShare: config.maxRequestShare,
      predict: (request) => predictions.find(request),
      typicalLtv: typicalBySeat(clock, (seat) => fallback.decide(historyOf(seat))?.ltv),
      recordLtv: (seat, ltv) => fallback.record(historyOf(seat), microsFloor(ltv)),
    },
    notices: {
      clock,
      ledger,
      seen,
      trust: trustBySeat(clock, config.seats, falseLosses),
      rates: config.rates,
      owner: ids.owner,
      scopesOf,
      mail,
      bill: budget.bill.bind(budget),
    },
    noticesKept: kept,
    learn(news) {
      if ('drop' in news) {
        if (news.drop === 'campaign') {
          campaigns.remove(news.id)
          // Bids that are out still settle; its money is free again where nothing of it counts.
          if (!config.followsBudgets) budget.remove(campaignScope(EXCHANGES, news.id))
        } else predictions.delete(news.idType, news.userId)
      } else if (news.put === 'predictions') for (const row of news.rows) predictions.put(row)
      else {
        const { id, spec } = news
        const [scope, { currency }, limits] = [campaignScope(EXCHANGES, id), config, limitsOf(spec)]
        if (!config.followsBudgets) budget.define(scope, currency, limits)
        // What is known already may be newer.
        else if (!budget.scope(scope)) budget.follow({ scope, currency, limits })
        campaigns.put(prepareCampaign(id, spec, scopesOf(id)))
      }
    },
  }
}

/** A seat that is not configured any more has no open bids. */
function trustBySeat(clock: Clock, seats: readonly Seat[], falseLosses: SharedTally): NoticeDeps['trust'] {
  const nameOf = (seat: string) => `false_losses:${seat}`
  const trust = new Map<string, LossTrust>()
  for (const { id } of seats) {
    falseLosses.open(nameOf(id))
    trust.set(id, new LossTrust(clock, () => falseLosses.read(nameOf(id))))
  }
  const unknown = new LossTrust(clock, () => undefined)
  return {
    of: (seat) => trust.get(seat) ?? unknown,
    contradict: (seat, amount) => falseLosses.add(nameOf(seat), amount),
  }
}

/** Notices may also name a seat of an earlier configuration. */
function statsBySeat(clock: Clock): (seat: string) => SeatStats {
  const stats = new Map<string, SeatStats>()
  return (seat) => {
    const known = stats.get(seat) ?? new SeatStats(clock)
    stats.set(seat, known)
    return known
  }
}

const historyOf = (seat: string): string => `openrtb:${seat}`

type Micro = Parameters<typeof toUnits>[0]

/** The typical value in currency units, looked up anew at most ten times a second per seat. */
function typicalBySeat(
  clock: Clock,
  median: (seat: string) => Micro | undefined,
): (seat: string) => number | undefined {
  const known = new LRUCache<string, { value: number | undefined; untilMs: number }>({ max: 64 })
  return (seat) => {
    const nowMs = clock.elapsedMs()
    const kept = known.get(seat)
    if (kept && nowMs < kept.untilMs) return kept.value
    const ltv = median(seat)
    const value = ltv === undefined ? undefined : toUnits(ltv)
    known.set(seat, { value, untilMs: nowMs + 100 })
    return value
  }
}
