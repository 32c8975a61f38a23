import { z } from '@hono/zod-openapi'
import { messageOf } from '../../../errors.ts'
import type { Scope } from '../../../shield/index.ts'
import type { Entry, KeptText } from '../../../storage/index.ts'
import type { Cancel } from '../../../time/clock.ts'
import type { Agent } from '../../agent.ts'
import { shownScopes } from '../collect-metrics.ts'

const MINUTE_MS = 60_000
const QUARTER_MS = 15 * MINUTE_MS
/** A look that comes later than this after the full minute is left out: its figure would be put to the wrong time. */
const LATE_MS = 10_000
/** How many looks are kept: an hour and a bit of minutes, and a week and a bit of quarters of an hour. */
const MINUTES_KEPT = 62
const QUARTERS_KEPT = 7 * 96 + 2
/** The most budgets whose spend is followed: of campaigns and keys those that have used most. */
export const MAX_FOLLOWED = 200

const FACT = 'spend:'
const Kept = z.strictObject({
  version: z.literal(1),
  atMs: z.int().min(0),
  /** What each budget had ever spent by then, in micros. */
  spent: z.record(z.string(), z.int()),
})

/** What each budget had ever spent at a moment, in micros, by its full name. */
type Look = ReadonlyMap<string, number>

interface Parts {
  readonly agent: Pick<Agent, 'clock' | 'budget' | 'records' | 'log' | 'topCampaigns'>
  /** Whether others spend from the same budgets, so that the store has to be asked: replicas, or workers. */
  readonly isShared: boolean
}

/**
 * What budgets had spent at every full minute of the last hour and every quarter of an hour of the last week. Quarters
 * are kept in the records for the next start. Of a time when no process looked nothing is known.
 */
export class SpendHistory {
  readonly #parts: Parts
  readonly #minutes = new Map<number, Look>()
  readonly #quarters = new Map<number, Look>()
  readonly #seen = new Map<string, Scope>()
  #cancel: Cancel = () => {}
  #isClosed = false

  /** @param facts what earlier starts have kept */
  constructor(parts: Parts, facts: readonly KeptText[]) {
    this.#parts = parts
    for (const { id, text } of facts) if (id.startsWith(FACT)) this.#restore(text)
    this.#waitForMinute()
  }

  close(): void {
    this.#isClosed = true
    this.#cancel()
  }

  /** What a budget had ever spent at that full minute or quarter, in micros; undefined where nobody looked. */
  spentAt(scope: string, atMs: number): number | undefined {
    const minute = this.#minutes.get(atMs / MINUTE_MS)?.get(scope)
    return minute ?? this.#quarters.get(atMs / QUARTER_MS)?.get(scope)
  }

  #restore(text: string): void {
    try {
      const { atMs, spent } = Kept.parse(JSON.parse(text))
      this.#quarters.set(atMs / QUARTER_MS, new Map(Object.entries(spent)))
    } catch {
      this.#parts.agent.log.warn({}, 'a row of the spend over time cannot be read; it is left out')
    }
  }

  #waitForMinute(): void {
    const { clock } = this.#parts.agent
    const delayMs = MINUTE_MS - (clock.nowMs() % MINUTE_MS)
    this.#cancel = clock.after(delayMs, () => {
      this.#look()
        .catch((error) => this.#parts.agent.log.error({ err: error }, messageOf(error)))
        .finally(() => {
          if (!this.#isClosed) this.#waitForMinute()
        })
    })
  }

  async #look(): Promise<void> {
    const { agent, isShared } = this.#parts
    const { budget, clock, records, topCampaigns } = agent
    const minute = Math.floor(clock.nowMs() / MINUTE_MS)
    const scopes = shownScopes(budget, topCampaigns).slice(0, MAX_FOLLOWED)
    await budget.refresh(isShared ? scopes : scopes.filter(({ purse }) => !purse.standing))
    const spent = new Map<string, number>()
    for (const scope of scopes) {
      const before = this.#seen.get(scope.name)
      // A budget of the same name that was made anew begins at another figure.
      if (scope.purse.standing && (before === undefined || before === scope))
        spent.set(scope.name, budget.stats(scope).spent)
    }
    this.#seen.clear()
    for (const scope of scopes) this.#seen.set(scope.name, scope)
    if (this.#isClosed || clock.nowMs() - minute * MINUTE_MS > LATE_MS) return
    keep(this.#minutes, minute, spent, MINUTES_KEPT)
    const atMs = minute * MINUTE_MS
    if (atMs % QUARTER_MS !== 0) return
    keep(this.#quarters, atMs / QUARTER_MS, spent, QUARTERS_KEPT)
    // While the disk is unavailable, the records keep the text and write it later.
    if (records.lasts) await records.append([entryOf(atMs, spent)]).catch(() => undefined)
  }
}

/** Rows are replaced after a week, so that there are never more. */
const entryOf = (atMs: number, spent: Look): Entry => ({
  put: 'fact',
  id: `${FACT}${(atMs / QUARTER_MS) % QUARTERS_KEPT}`,
  text: JSON.stringify({
    version: 1,
    atMs,
    spent: Object.fromEntries(spent),
  } satisfies z.output<typeof Kept>),
})

/** Adds a look, and forgets what is too old, and what a clock that was set back has put into the future. */
function keep(looks: Map<number, Look>, at: number, spent: Look, most: number): void {
  looks.set(at, spent)
  for (const other of looks.keys()) if (other <= at - most || other > at) looks.delete(other)
}
