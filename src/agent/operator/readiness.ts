import type { Scope } from '../../shield/index.ts'
import { type Cancel, every } from '../../time/clock.ts'
import type { Agent } from '../agent.ts'
import { isKeyScope } from '../scopes.ts'

/** State of a part of the service: it works, or why it does not. */
export type PartState = { readonly is: 'open' } | { readonly is: 'away'; readonly detail: string }

/** A part that can stop working while the process runs. */
export interface ServicePart {
  /** Start of the part's line in `/readyz`, and its label in metrics; a code of the API where there is one. */
  readonly name: string
  state(): PartState
}

const OPEN: PartState = { is: 'open' }
/** Most budgets named in one line; it gives the number of all. */
const MAX_NAMED = 10

/** The parts of every service: the store of budgets, and the records. */
export function ownParts(agent: Pick<Agent, 'budget' | 'callLimits' | 'records'>): readonly ServicePart[] {
  const { budget, records } = agent
  const storeState = (): PartState => {
    const { store } = budget
    if (store.is === 'away') return store
    // A refused campaign or key stops only itself. These scopes stop many.
    const refused = refusedScopes(agent).filter(isOfMany)
    return refused.length === 0 ? OPEN : { is: 'away', detail: refusalText(refused) }
  }
  return [
    { name: 'budget_store_unavailable', state: storeState },
    { name: 'records_unavailable', state: () => records.state },
  ]
}

/** One line for each part that does not work, with the reason. */
export function troubles(parts: readonly ServicePart[]): string[] {
  return parts.flatMap(({ name, state }) => {
    const now = state()
    return now.is === 'open' ? [] : [`${name}: ${now.detail}`]
  })
}

type Drawing = Pick<Agent, 'budget' | 'callLimits'>

/** Scopes of budgets and call limits for which the store grants nothing although it can be reached. */
export const refusedScopes = (drawing: Drawing): Scope[] => drawnScopes(drawing).filter(isRefused)

const drawnScopes = ({ budget, callLimits }: Drawing): Scope[] => [...budget.scopes, ...callLimits.scopes]
const isRefused = ({ purse }: Scope): boolean => purse.refusal !== undefined

/** Whether bids of several campaigns and callers are paid from this scope. */
const isOfMany = ({ name }: Scope): boolean => !name.startsWith('campaign:') && !isKeyScope(name)

function refusalText(refused: readonly Scope[]): string {
  const named = refused.slice(0, MAX_NAMED).map(({ name }) => name)
  const more = refused.length - named.length
  const budgets = more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ')
  return `it grants nothing for ${budgets}: ${refused[0]?.purse.refusal}`
}

/** How often it is checked what the store refuses, in milliseconds. */
const CHECK_MS = 1_000
/** Most refused scopes asked for in one check. */
const MAX_ASKED = 100
/**
 * After this many milliseconds without a request to the store for a scope, the watch asks: the store may have been
 * emptied.
 */
const ASK_AFTER_MS = 5_000

/**
 * Reports in the log and by a notification when the store begins to refuse budgets although it can be reached, and when
 * that ends. While no bids come, it asks the store itself, so that an emptied or newly trusted store is noticed then too.
 * @param isRemote whether the store is outside this service, so that others can empty it
 * @returns ends the watch
 */
export function watchRefusals(
  agent: Pick<Agent, 'clock' | 'log' | 'tell'> & Drawing,
  isRemote: boolean,
): Cancel {
  const { clock, log, tell, budget, callLimits } = agent
  let before = ''
  return every(clock, CHECK_MS, () => {
    if (budget.store.is === 'away') return
    const refused = refusedScopes(agent)
    const detail = refused.length === 0 ? '' : refusalText(refused)
    if (detail !== before) {
      if (refused.length > 0) log.error({ detail, count: refused.length }, 'the budget store refuses budgets')
      else log.warn('the budget store refuses no budget any more')
      if (refused.length === 0) tell({ kind: 'store_fenced', subject: 'store', data: { state: 'granting' } })
      else if (before === '') {
        const data = { state: 'fenced', detail, count: refused.length }
        tell({ kind: 'store_fenced', subject: 'store', data })
      }
    }
    before = detail
    if (!isRemote) return
    void budget.refresh(toAsk([...budget.scopes], clock.elapsedMs()))
    void callLimits.refresh(toAsk([...callLimits.scopes], clock.elapsedMs()))
  })
}

/** Scopes that were not asked for lately. Of campaigns, which are many, only refused ones, a few at a time. */
function toAsk(scopes: readonly Scope[], nowMs: number): Scope[] {
  const isLate = ({ purse }: Scope, afterMs: number) => nowMs - purse.answeredMs >= afterMs
  const refused = scopes.filter((scope) => isRefused(scope) && isLate(scope, CHECK_MS))
  const others = scopes.filter((scope) => isOfMany(scope) && !isRefused(scope) && isLate(scope, ASK_AFTER_MS))
  return [...refused.slice(0, MAX_ASKED), ...others]
}
