import { messageOf } from '../../../errors.ts'
import type { KillSwitch, PauseState, Scope } from '../../../shield/index.ts'
import { Slices } from '../../../time/slices.ts'
import { type Agent, statuses } from '../../agent.ts'
import type { Bidder } from '../../exchange/bidder.ts'
import type { WorkerPool } from '../../exchange/worker-pool.ts'
import { holdsAround } from '../budgets.ts'
import type { Feed } from './feed.ts'
import type { SeatCounts } from './news.ts'

/** Figures of budgets and seats are compared at every fourth look. */
const LOOKS_PER_FIGURES = 4
/** How many budgets of campaigns are compared at a time; the others follow at the next looks. */
const CAMPAIGNS_PER_LOOK = 500
/** How many budgets are refreshed from the store and compared in one slice. */
const AT_ONCE = 50

export interface StateWatchDeps {
  readonly agent: Agent
  readonly bidder: Pick<Bidder, 'seats' | 'statsOf'>
  readonly pool: WorkerPool
}

/**
 * Compares everything that has a state with what it last saw, and puts changes into the feed: kill switch, pauses and
 * breakers at each look, figures of budgets and seats at every fourth. So code that changes a state need not know of
 * the feed, and changes by other processes are found too.
 */
export class StateWatch {
  readonly #deps: StateWatchDeps
  readonly #feed: Feed
  #looks = 0
  #isAtFigures = false
  #killSwitch: KillSwitch | undefined
  readonly #breakers = new Map<string, string>()
  #pauses = new WeakMap<Scope, PauseState>()
  /** The figures of each budget when they were last put into the feed. */
  #told = new WeakMap<Scope, string>()
  readonly #seats = new Map<string, SeatCounts & { readonly atMs: number }>()
  #campaigns: Iterator<Scope> | undefined

  constructor(deps: StateWatchDeps, feed: Feed) {
    this.#deps = deps
    this.#feed = feed
  }

  /** Forgets everything, so that the next looks report all states. */
  reset(): void {
    this.#looks = 0
    this.#killSwitch = undefined
    this.#breakers.clear()
    this.#pauses = new WeakMap()
    this.#told = new WeakMap()
    this.#seats.clear()
    this.#campaigns = undefined
  }

  look(): void {
    this.#lookAtKillSwitch()
    this.#lookAtBreakers()
    const paused = this.#lookAtPauses()
    if (paused.length > 0) this.#inBackground(this.#tellInSlices(paused))
    if (this.#looks++ % LOOKS_PER_FIGURES !== 0 || this.#isAtFigures) return
    this.#isAtFigures = true
    const looking = this.#lookAtFigures().finally(() => {
      this.#isAtFigures = false
    })
    this.#inBackground(looking)
  }

  #inBackground(work: Promise<void>): void {
    work.catch((error) => this.#deps.agent.log.error({ err: error }, messageOf(error)))
  }

  #lookAtKillSwitch(): void {
    const { killSwitch } = this.#deps.agent.budget
    if (killSwitch === this.#killSwitch) return
    this.#killSwitch = killSwitch
    this.#feed.push({ event: 'kill_switch', state: killSwitch })
  }

  #lookAtBreakers(): void {
    for (const { platform, breaker } of statuses(this.#deps.agent.connectors)) {
      if (this.#breakers.get(platform) === breaker.is) continue
      this.#breakers.set(platform, breaker.is)
      this.#feed.push({ event: 'breaker', platform, state: breaker.is })
    }
  }

  /** The budgets that were paused or resumed since the last look. */
  #lookAtPauses(): Scope[] {
    const changed: Scope[] = []
    for (const scope of this.#deps.agent.budget.scopes) {
      const before = this.#pauses.get(scope)
      if (before === scope.pause) continue
      this.#pauses.set(scope, scope.pause)
      if (before) changed.push(scope)
    }
    return changed
  }

  async #lookAtFigures(): Promise<void> {
    const { agent, pool } = this.#deps
    await pool.gather()
    this.#lookAtSeats()
    await this.#tellInSlices(this.#dueScopes(), (some) => agent.budget.refresh(some))
  }

  /** @param before called with each slice of scopes, and awaited, before their figures are compared */
  async #tellInSlices(scopes: readonly Scope[], before?: (some: readonly Scope[]) => unknown): Promise<void> {
    const slices = new Slices()
    for (let from = 0; from < scopes.length; from += AT_ONCE) {
      if (slices.isOver) await slices.next()
      const some = scopes.slice(from, from + AT_ONCE)
      await before?.(some)
      await this.#tellBudgets(some)
    }
  }

  /** The budgets that are compared next: all that several campaigns share, and some of the others in turn. */
  #dueScopes(): Scope[] {
    const { budget } = this.#deps.agent
    const isCampaign = ({ name }: Scope) => name.startsWith('campaign:')
    const due = [...budget.scopes.filter((scope) => !isCampaign(scope))]
    this.#campaigns ??= budget.scopes.filter(isCampaign)
    for (let count = 0; count < CAMPAIGNS_PER_LOOK; count++) {
      const next = this.#campaigns.next()
      if (next.done) {
        this.#campaigns = undefined
        break
      }
      due.push(next.value)
    }
    return due
  }

  /** Puts the figures of those budgets into the feed whose figures have changed. */
  async #tellBudgets(scopes: readonly Scope[]): Promise<void> {
    const { agent, pool } = this.#deps
    const changed = scopes.flatMap((scope) => {
      const stats = agent.budget.stats(scope)
      const { pause, overdraft, elsewhere, holdMode, prices } = stats
      const limits = stats.limits.map(({ spec, spent, held, remaining }) => [spec, spent, held, remaining])
      const figures = JSON.stringify([pause, overdraft, elsewhere, holdMode, prices, limits])
      if (this.#told.get(scope) === figures) return []
      this.#told.set(scope, figures)
      return [{ scope, stats }]
    })
    if (changed.length === 0) return
    const around = await holdsAround(
      { pool, worstCase: agent.worstCase, clock: agent.clock },
      changed.map(({ scope }) => scope),
    )
    for (const { stats } of changed) this.#feed.push({ event: 'budget', stats, around })
  }

  #lookAtSeats(): void {
    const { agent, bidder } = this.#deps
    const atMs = agent.clock.elapsedMs()
    for (const [seat, { org }] of bidder.seats) {
      const { requests, answered, bids, wins, billed, losses, shed } = bidder.statsOf(seat)
      const now = { requests, answered, bids, wins, billed, losses, shed }
      const before = this.#seats.get(seat)
      this.#seats.set(seat, { ...now, atMs })
      if (!before) continue
      const counts = {
        requests: requests - before.requests,
        answered: answered - before.answered,
        bids: bids - before.bids,
        wins: wins - before.wins,
        billed: billed - before.billed,
        losses: losses - before.losses,
        shed: shed - before.shed,
      }
      if (Object.values(counts).every((count) => count === 0)) continue
      this.#feed.push({ event: 'auctions', org, seat, counts, overMs: atMs - before.atMs })
    }
  }
}
