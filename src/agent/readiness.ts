import { type Cancel, every } from '../clock.ts'
import type { Scope } from '../shield/index.ts'
import type { Agent } from './agent.ts'

/** How a part of the service is: it does its work, or why it does not. */
export type PartState = { readonly is: 'open' } | { readonly is: 'away'; readonly detail: string }

/** A part that can stop working while the process runs. */
export interface Part {
  /** Begins the line of `/readyz` that tells of it, and is its label in the metrics: a code of the API where it has one. */
  readonly name: string
  state(): PartState
}

const OPEN: PartState = { is: 'open' }
/** Budgets that one line names; of more it says how many there are. */
const MAX_NAMED = 10

/** The parts of every service: where budgets are, and where bids are recorded. */
export function ownParts({ budget, records }: Pick<Agent, 'budget' | 'records'>): readonly Part[] {
  const storeState = (): PartState => {
    const { store } = budget
    if (store.is === 'away') return store
    // One campaign that is refused stops that campaign; these stop all that there are.
    const refused = refusedScopes(budget.scopes).filter(isOfMany)
    return refused.length === 0 ? OPEN : { is: 'away', detail: refusalText(refused) }
  }
  return [
    { name: 'budget_store_unavailable', state: storeState },
    { name: 'records_unavailable', state: () => records.state },
  ]
}

/** What does not do its work and why, a line each. */
export function troubles(parts: readonly Part[]): string[] {
  return parts.flatMap(({ name, state }) => {
    const now = state()
    return now.is === 'open' ? [] : [`${name}: ${now.detail}`]
  })
}

/** Scopes that the store grants nothing for, though it can be reached. */
export const refusedScopes = (scopes: Iterable<Scope>): Scope[] =>
  [...scopes].filter(({ purse }) => purse.refusal !== undefined)

/** Whether bids of many campaigns are paid from it. */
const isOfMany = ({ name }: Scope): boolean => !name.startsWith('campaign:')

function refusalText(refused: readonly Scope[]): string {
  const named = refused.slice(0, MAX_NAMED).map(({ name }) => name)
  const more = refused.length - named.length
  const budgets = more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ')
  return `it grants nothing for ${budgets}: ${refused[0]?.purse.refusal}`
}

const CHECK_MS = 1_000
/** Refused scopes that are asked for in one check. */
const MAX_ASKED = 100
/** A store that nobody has drawn on for so long is asked how it stands: it may have been emptied. */
const ASK_AFTER_MS = 5_000

/**
 * Says in the log when the store begins to refuse budgets though it can be reached, and when that ends. Asks it where
 * nobody else does: without bids nobody would hear of a store that was emptied, or is trusted again.
 *
 * @param isRemote whether the store is outside this service, so that somebody else can empty it
 * @returns ends the watch
 */
export function watchRefusals(
  { clock, log, budget }: Pick<Agent, 'clock' | 'log' | 'budget'>,
  isRemote: boolean,
): Cancel {
  let before = ''
  return every(clock, CHECK_MS, () => {
    if (budget.store.is === 'away') return
    const scopes = [...budget.scopes]
    const refused = refusedScopes(scopes)
    const detail = refused.length === 0 ? '' : refusalText(refused)
    if (detail !== before) {
      if (refused.length > 0) log.error({ detail, count: refused.length }, 'the budget store refuses budgets')
      else log.warn('the budget store refuses no budget any more')
    }
    before = detail
    if (!isRemote) return
    const nowMs = clock.elapsedMs()
    // Of campaigns, which are many, only those that were refused, some at a time.
    const isLate = ({ purse }: Scope, afterMs: number) => nowMs - purse.answeredMs >= afterMs
    const asked = [
      ...refused.filter((scope) => isLate(scope, CHECK_MS)).slice(0, MAX_ASKED),
      ...scopes.filter(
        (scope) => isOfMany(scope) && scope.purse.refusal === undefined && isLate(scope, ASK_AFTER_MS),
      ),
    ]
    if (asked.length > 0) void budget.refresh(asked)
  })
}
