import { LRUCache } from 'lru-cache'
import { microsFloor, toUnits } from '../../money.ts'
import type { BudgetManager, HoldMode, OwnerMessages, Scope, SharedTally } from '../../shield/index.ts'
import type { Clock } from '../../time/clock.ts'
import type { Agent } from '../agent.ts'
import { type Org, orgOf, orgScope } from '../organisations.ts'
import { campaignScope, GLOBAL_SCOPE, platformScope, scopesOf as scopesPaying } from '../scopes.ts'
import type { BidderUpdate, CampaignUpdate } from './bidder-update.ts'
import {
  CampaignIndex,
  createAuctionBudget,
  createBidIds,
  createNoticeTokens,
  type DecideAuctionDeps,
  type ElsewhereDeps,
  FrequencyCaps,
  heardIn,
  type IsUserPrivate,
  LossTrust,
  limitsOf,
  type Notice,
  type NoticeDeps,
  type NoticeTokens,
  PredictionTable,
  type PreparedCampaign,
  prepareCampaign,
  privacyRules,
  type Rates,
  type Seat,
  type Settlement,
} from './openrtb/index.ts'
import { Pacer, TrafficCurve } from './pacing/index.ts'
import type { KeptSeen } from './persist-seen.ts'
import { SeatStats } from './seat-stats.ts'
import { Shader } from './shading/index.ts'
import { ShedLimit } from './shed-limit.ts'

/** Configuration of a seat: how it is billed, and who may ask for bids. */
export interface SeatConfig extends Seat {
  /** Whether requests need an API key with the scope `bid`. */
  readonly requireKey: boolean
  /** IP addresses that may ask; empty for any. */
  readonly allowFrom: readonly string[]
  /** Most requests per second; those above are answered 429. */
  readonly maxRequestsPerSecond?: number
  /**
   * The organisation that owns the seat: only its campaigns and predictions answer there. Undefined for a seat shared
   * by all.
   */
  readonly org?: Org
}

export interface BidderConfig {
  readonly seats: readonly SeatConfig[]
  readonly currency: string
  /** Hold mode of the budget of all exchanges, and of those of their campaigns, for which no operator has set another. */
  readonly holdMode: HoldMode
  /** Units of each currency that one unit of `currency` is worth; `currency` itself is 1. */
  readonly rates: Rates
  readonly networkMarginMs: number
  /** See {@link DecideAuctionDeps.maxRequestShare}. */
  readonly maxRequestShare: number
  /**
   * Requests are shed while the event loop is later than this, in milliseconds; undefined for a limit that follows the
   * machine, see {@link ShedLimit}.
   */
  readonly shedAboveMs: number | undefined
  /** Most stored predictions of an organisation. */
  readonly maxPredictions: number
  /** Most bytes of the stored predictions of all organisations; undefined for {@link PredictionTable}'s own limit. */
  readonly maxPredictionBytes: number | undefined
  /** Most bids kept in memory: open ones, and ended ones that may still get a notice. */
  readonly maxOpenBids: number
  /** Our id on the Global Vendor List of the TCF; undefined to read consent by purposes alone. */
  readonly tcfVendorId: number | undefined
  readonly noticeSecret: string
  /** Whether another process defines the budgets of campaigns; false by default. */
  readonly followsBudgets?: boolean
}

/** The OpenRTB bidder of this process, as its routes use it. */
export interface Bidder {
  readonly seats: ReadonlyMap<string, SeatConfig>
  /** Statistics of a seat; also of one that is no longer configured. */
  statsOf(seat: string): SeatStats
  readonly campaigns: CampaignIndex
  /** Predictions that organisations have stored; those of each are used only at its own seats. */
  readonly predictions: PredictionTable
  readonly isUserPrivate: IsUserPrivate
  readonly decide: DecideAuctionDeps
  readonly notices: ElsewhereDeps
  /** See {@link KeptSeen.kept}: a notice is answered once this resolves. */
  readonly noticesKept: KeptSeen['kept']
  readonly tokens: NoticeTokens
  readonly shedLimit: ShedLimit
  readonly pacer: Pacer
  readonly shader: Shader
  /** Learns from a notice of a bid of this process, and from what it came to. */
  learnFrom(notice: Notice, settled: Settlement): void
  /** What is known of the traffic of each configured seat. */
  readonly traffic: ReadonlyMap<string, TrafficCurve>
  /** Applies a change to the decisions that follow. What a replaced campaign has spent stays spent. */
  applyUpdate(update: BidderUpdate): void
}

/**
 * Whether a campaign may bid at a seat. A campaign of an organisation may bid at the organisation's seats and at shared
 * ones, a campaign of the operator at all seats.
 */
export const mayUse = (seat: SeatConfig | undefined, campaignId: string): boolean => {
  const org = orgOf(campaignId)
  return seat !== undefined && (org === undefined || seat.org === undefined || seat.org === org)
}

/** All exchanges together are one platform, with this name, in the names of scopes. */
export const EXCHANGES = 'openrtb'
export const OPENRTB_SCOPE = platformScope(EXCHANGES)

/** What a bidder shares with other processes. */
export interface BidderShares {
  /** Sends notices to other owners; undefined where there are no other owners. */
  readonly ownerMessages: OwnerMessages | undefined
  /** Micros of contradicted losses, by seat, over all processes. */
  readonly falseLosses: SharedTally
  /** Called with every campaign that is stored or restored. */
  readonly onCampaign?: ((campaign: PreparedCampaign) => void) | undefined
}

export function createBidder(
  agent: Pick<Agent, 'clock' | 'budget' | 'fallback' | 'metrics'>,
  config: BidderConfig,
  { seen, kept }: KeptSeen,
  { ownerMessages, falseLosses, onCampaign }: BidderShares,
): Bidder {
  const { clock, budget, fallback, metrics } = agent
  const campaigns = new CampaignIndex()
  const predictions = new PredictionTable(clock, config.noticeSecret, {
    maxRows: config.maxPredictions,
    maxBytes: config.maxPredictionBytes,
  })
  const seats = new Map(config.seats.map((seat) => [seat.id, seat]))
  const ids = createBidIds(budget.owner)
  const auctionBudget = createAuctionBudget(budget, config.currency, config.maxOpenBids)
  const tokens = createNoticeTokens([{ id: 'n2', secret: config.noticeSecret }])
  const scopesOf = (campaign: string) => scopesPaying(budget, EXCHANGES, campaign)
  const traffic = new Map(config.seats.map(({ id }) => [id, new TrafficCurve(clock.nowMs())]))
  // A worker sees only a part of the traffic. Its primary gets the counts of all workers and sends them the curve.
  const statsOf = statsBySeat(clock, config.followsBudgets ? new Map() : traffic)
  const pacer = new Pacer({ clock, budget, shapeOf: (seat) => (traffic.get(seat) ?? UNWATCHED).shape() })
  const learning = learningFrom(clock, config, seats, metrics)
  const prepare = preparer(budget, config, scopesOf)
  return {
    seats,
    statsOf,
    pacer,
    ...learning,
    traffic,
    campaigns,
    predictions,
    tokens,
    isUserPrivate: privacyRules(config.tcfVendorId),
    shedLimit: new ShedLimit(clock, config.shedAboveMs, config.networkMarginMs),
    decide: {
      clock,
      campaigns,
      auctionBudget,
      pacing: pacer,
      shading: learning.shader,
      frequencyCaps: learning.frequencyCaps,
      ids,
      tokens,
      currency: config.currency,
      rates: config.rates,
      networkMarginMs: config.networkMarginMs,
      maxRequestShare: config.maxRequestShare,
      predict: (request, seat) => predictions.of(seats.get(seat)?.org).find(request),
      typicalLtv: typicalBySeat(clock, (seat) => fallback.decide(historyOf(seat))?.ltv),
      recordLtv: (seat, ltv) => fallback.record(historyOf(seat), microsFloor(ltv)),
    },
    notices: {
      clock,
      auctionBudget,
      seen,
      trust: trustBySeat(clock, config.seats, falseLosses),
      rates: config.rates,
      encryptedPricesOf: (seat) => seats.get(seat)?.encryptedPrices,
      owner: ids.owner,
      scopesOf,
      ownerMessages,
      bill: budget.bill.bind(budget),
    },
    noticesKept: kept,
    applyUpdate(update) {
      if ('drop' in update) {
        if (update.drop === 'campaign') {
          campaigns.remove(update.id)
          pacer.forget(update.id)
          // Open bids of the campaign are still settled. The budget's place is free once none of its spend counts.
          if (!config.followsBudgets && !update.isElsewhere)
            budget.remove(campaignScope(EXCHANGES, update.id))
        } else predictions.of(update.org).delete(update.digest)
      } else if (update.put === 'shades') learning.shader.restore(update.seat, update.shades)
      else if (update.put === 'traffic') traffic.get(update.seat)?.restore(update.hours)
      else if (update.put === 'predictions') {
        const own = predictions.of(update.org)
        for (const row of update.rows) own.put(row)
      } else {
        const campaign = prepare(update)
        campaigns.put(campaign)
        onCampaign?.(campaign)
      }
    },
  }
}

/** Defines the budget of a campaign that is stored, and prepares it for auctions. */
function preparer(
  budget: BudgetManager,
  config: BidderConfig,
  scopesOf: (campaign: string) => readonly Scope[],
): (update: CampaignUpdate) => PreparedCampaign {
  const { followsBudgets, currency, holdMode } = config
  /**
   * Makes sure that the organisation's budget exists. A stored campaign may outlive the configured keys of its
   * organisation.
   */
  const haveOrgScope = (org: Org): void => {
    if (org === undefined || budget.scope(orgScope(org))) return
    const currency = budget.scope(GLOBAL_SCOPE)?.currency ?? config.currency
    if (followsBudgets) budget.follow({ scope: orgScope(org), currency, limits: [] })
    else budget.define(orgScope(org), currency, [])
  }
  return ({ id, spec, isElsewhere }) => {
    haveOrgScope(orgOf(id))
    const [scope, limits] = [campaignScope(EXCHANGES, id), limitsOf(spec)]
    if (!followsBudgets && !isElsewhere) budget.define(scope, currency, limits, 'configuration', holdMode)
    // A definition that exists already may be newer than this one.
    else if (!budget.scope(scope)) budget.follow({ scope, currency, limits, holdMode })
    return prepareCampaign(id, spec, scopesOf(id))
  }
}

/**
 * Builds the trust in losses of each seat. A seat that is no longer configured has no open bids, so its losses free
 * nothing.
 */
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

/** What learns from bids and from what notices say of them: the prices of auctions, and what users were shown. */
function learningFrom(
  clock: Clock,
  { seats: configured, rates, currency, followsBudgets = false }: BidderConfig,
  seats: ReadonlyMap<string, SeatConfig>,
  metrics: Agent['metrics'],
) {
  const frequencyCaps = new FrequencyCaps(clock, (seat) => metrics.frequencyEvictions.add({ seat }))
  const shader = new Shader({ clock, seats: configured, reports: followsBudgets })
  const deps = { rates, currency, encryptedPricesOf: (seat: string) => seats.get(seat)?.encryptedPrices }
  return {
    shader,
    frequencyCaps,
    learnFrom({ kind, token, query }: Notice, settled: Settlement): void {
      shader.heard(token.seq, heardIn(deps, kind, token, query))
      frequencyCaps.heard(token.seq, kind, settled)
    },
  }
}

/** Statistics of each seat. A notice may name a seat that is no longer configured. */
function statsBySeat(clock: Clock, traffic: ReadonlyMap<string, TrafficCurve>): (seat: string) => SeatStats {
  const stats = new Map<string, SeatStats>()
  return (seat) => {
    const onMinute = (requests: number, wallMs: number) => traffic.get(seat)?.add(requests, wallMs)
    const known = stats.get(seat) ?? new SeatStats(clock, onMinute)
    stats.set(seat, known)
    return known
  }
}

/** Stands for the traffic of a seat that is no longer configured. */
const UNWATCHED = new TrafficCurve(0)

const historyOf = (seat: string): string => `openrtb:${seat}`

type Micro = Parameters<typeof toUnits>[0]

/** Median lifetime value per seat, in currency units. It is looked up again at most ten times a second per seat. */
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
