import type { BudgetManager, ScopeStats } from '../../../shield/index.ts'
import type { Clock } from '../../../time/clock.ts'
import type { OpenRtbRequest, Pacing, PreparedCampaign } from '../openrtb/index.ts'
import { CampaignSchedule } from '../openrtb/index.ts'
import { type Period, periodOf } from './period.ts'
import { type HourPlan, planHour } from './spend-plan.ts'
import { RATE_MS, Throttle, type Why } from './throttle.ts'
import { HOUR_MS, HOURS_OF_WEEK, hourOfWeek } from './traffic-curve.ts'

/** How a paced campaign is doing, by this process. Amounts are micros over all processes. */
export interface PaceNow {
  /** The share of its chances to bid that the campaign takes now. */
  readonly share: number
  readonly why: Why
  readonly startMs: number
  readonly endMs: number
  readonly budget: number
  /** Micros spent and set aside. */
  readonly used: number
  /** Micros planned for the present hour when it began, and used since. */
  readonly hour: { readonly planned: number; readonly used: number }
  /** When these figures were computed (wall clock). */
  readonly atMs: number
}

/** The shortest time between two changes of a share, in milliseconds. */
const STEP_MS = 10_000
/** How long after midnight the store may still answer with the figures of the day before, in milliseconds. */
const STALE_MS = 15_000
/** The share of an hour's usual traffic that is planned to be used, since some weeks have less traffic. */
const USABLE = 0.9

export interface PacerDeps {
  readonly clock: Clock
  readonly budget: Pick<BudgetManager, 'stats' | 'store'>
  /** Requests expected at a seat in each hour of the week, in proportion. */
  shapeOf(seat: string): Float64Array
  /** From 0 up to 1. */
  readonly random?: (() => number) | undefined
}

interface MadePlan extends HourPlan {
  readonly fromMs: number
  /** Micros of the period's budget that were used when the plan was made. */
  readonly usedBefore: number
  /** The limit and settings that the plan was made from; when they change, a new plan is made. */
  readonly by: string
}

interface Paced {
  readonly throttle: Throttle
  /** What was decided for requests that may still be answered. */
  readonly taken: WeakMap<OpenRtbRequest, boolean>
  nextMs: number
  period: Period | undefined
  plan: MadePlan | undefined
  now: PaceNow | undefined
  /** The share of each hour of the week in which the campaign is open, and the schedule that this was computed from. */
  open: { readonly by: unknown; readonly shares: Float64Array } | undefined
}

/**
 * Decides which chances to bid the paced campaigns of this process take, so that each spends its budget by its plan.
 */
export class Pacer implements Pacing {
  readonly #deps: PacerDeps
  readonly #paced = new Map<string, Paced>()
  readonly #news = new Set<string>()

  constructor(deps: PacerDeps) {
    this.#deps = deps
  }

  takesPart(campaign: PreparedCampaign, request: OpenRtbRequest, cost: number): boolean {
    const paced = this.#of(campaign)
    const decided = paced.taken.get(request)
    if (decided !== undefined) return decided
    if (this.#deps.clock.elapsedMs() >= paced.nextMs) this.#step(campaign, paced)
    // Without a period there is nothing to pace by; the budget itself still bounds the campaign.
    const takes = paced.period === undefined || paced.throttle.take(cost)
    paced.taken.set(request, takes)
    return takes
  }

  shareOf({ id }: PreparedCampaign): number {
    return this.#paced.get(id)?.throttle.share ?? 1
  }

  /** The figures when the share was last set; undefined for a campaign without a chance to bid in this process. */
  now(campaignId: string): PaceNow | undefined {
    return this.#paced.get(campaignId)?.now
  }

  /** The campaigns whose share was set since the last call. */
  takeNews(): [campaignId: string, now: PaceNow][] {
    const news = [...this.#news].flatMap((id) => {
      const now = this.now(id)
      return now ? [[id, now] as [string, PaceNow]] : []
    })
    this.#news.clear()
    return news
  }

  forget(campaignId: string): void {
    this.#paced.delete(campaignId)
    this.#news.delete(campaignId)
  }

  #of({ id }: PreparedCampaign): Paced {
    const known = this.#paced.get(id)
    if (known) return known
    const { clock, random = Math.random } = this.#deps
    const throttle = new Throttle(clock.elapsedMs(), random)
    const fresh: Paced = {
      throttle,
      taken: new WeakMap(),
      nextMs: 0,
      period: undefined,
      plan: undefined,
      now: undefined,
      open: undefined,
    }
    this.#paced.set(id, fresh)
    return fresh
  }

  #step(campaign: PreparedCampaign, paced: Paced): void {
    const { clock, budget } = this.#deps
    const [elapsedMs, wallMs] = [clock.elapsedMs(), clock.nowMs()]
    paced.nextMs = elapsedMs + STEP_MS
    const { ownScope } = campaign
    if (!ownScope) return
    if (budget.store.is === 'away') {
      paced.throttle.step(elapsedMs, wallMs, undefined)
      if (paced.now) paced.now = { ...paced.now, why: 'store_away' }
      this.#news.add(campaign.id)
      return
    }
    const period = periodOf(campaign.spec, ownScope, wallMs)
    paced.period = period
    if (!period) {
      paced.plan = undefined
      paced.now = undefined
      return
    }
    const stats = budget.stats(ownScope)
    const { budget: max, used } = figuresOf(stats, period, wallMs)
    const by = JSON.stringify([campaign.spec.pacing, campaign.spec.activeHours, period, max])
    let { plan } = paced
    if (!plan || wallMs >= plan.endMs || wallMs < plan.fromMs || plan.by !== by)
      plan = this.#plan(campaign, paced, period, { left: max - used, used, by })
    paced.plan = plan
    const hour = { planned: plan.micros, used: used - plan.usedBefore }
    paced.throttle.step(elapsedMs, wallMs, {
      ever: stats.spent + stats.held,
      usedInHour: hour.used,
      left: max - used,
      plan,
      isShort: plan.isShort,
    })
    const { share, why } = paced.throttle
    const { startMs, endMs } = period
    paced.now = { share, why, startMs, endMs, budget: max, used, hour, atMs: wallMs }
    this.#news.add(campaign.id)
  }

  #plan(
    { spec }: PreparedCampaign,
    paced: Paced,
    { startMs, endMs }: Period,
    { left, used, by }: { left: number; used: number; by: string },
  ): MadePlan {
    const nowMs = this.#deps.clock.nowMs()
    const shape = this.#deps.shapeOf(spec.seat)
    // The rate of chances is measured over the last minutes.
    const now = shape[hourOfWeek(nowMs - RATE_MS / 2)] ?? 1
    const most = (USABLE * paced.throttle.mostPerHour) / now
    const open = openShares(spec, paced, nowMs)
    const planned = planHour({
      ...{ mode: spec.pacing.mode === 'ahead' ? 'ahead' : 'even', startMs, endMs, nowMs },
      left: Math.max(0, left),
      mostIn: (hourMs) => most * (shape[hourOfWeek(hourMs)] ?? 1),
      openIn: (hourMs) => open?.[hourOfWeek(hourMs)] ?? 1,
    })
    return { ...planned, fromMs: nowMs, usedBefore: used, by }
  }
}

/** What all processes have used of the period's limit. */
function figuresOf({ limits }: ScopeStats, { limit, isDay, startMs }: Period, wallMs: number) {
  const stats = limits[limit]
  const budget = stats?.spec.max ?? 0
  const isStale = isDay && wallMs - startMs < STALE_MS
  return { budget, used: isStale || !stats ? 0 : stats.utilization * budget }
}

const QUARTER_MS = HOUR_MS / 4

/** The share of each hour of the week in which a campaign with active hours is open; undefined for one without. */
function openShares({ activeHours }: PreparedCampaign['spec'], paced: Paced, nowMs: number) {
  if (!activeHours) return undefined
  const week = Math.floor(nowMs / HOUR_MS / HOURS_OF_WEEK)
  const by = `${week} ${JSON.stringify(activeHours)}`
  if (paced.open?.by === by) return paced.open.shares
  const schedule = new CampaignSchedule(activeHours)
  const firstMs = week * HOURS_OF_WEEK * HOUR_MS
  // In time zones with half-hour offsets, a campaign opens in the middle of an hour.
  const shares = Float64Array.from({ length: HOURS_OF_WEEK }, (_, hour) => {
    const fromMs = firstMs + hour * HOUR_MS
    const opens = [fromMs + QUARTER_MS, fromMs + 3 * QUARTER_MS].filter((atMs) => schedule.isOpen(atMs))
    return opens.length / 2
  })
  paced.open = { by, shares }
  return shares
}
