import { AppError } from '../errors.ts'
import type { Scope } from '../shield/index.ts'

/** Number of the organisation that a bid, a campaign or a caller is bound to; undefined for the operator's own. */
export type Org = number | undefined

/** Name of the budget that every bid of the organisation pays from, besides the others. */
export const orgScope = (org: number): string => `org:${org}`

/**
 * Full id of a campaign: `spring@7` is campaign `spring` of organisation 7. Ids that callers choose have no `@`, so no
 * caller can name a campaign of another organisation.
 */
export const ownId = (id: string, org: Org): string => (org === undefined ? id : `${id}@${org}`)

/**
 * Organisation named in a full id; undefined for the operator's.
 * @param name full id of a campaign, or name of its budget
 */
export function orgOf(name: string): Org {
  const at = name.lastIndexOf('@')
  return at < 0 ? undefined : Number(name.slice(at + 1))
}

/** Whether a caller bound to `org` may see a campaign, a campaign's budget or an organisation's budget of this name. */
export const maySee = (name: string, org: Org): boolean =>
  org === undefined || name === orgScope(org) || orgOf(name) === org

/** The name as shown to a caller bound to `org`, without the organisation's number; the operator sees the full name. */
export const shownName = (name: string, org: Org): string =>
  org !== undefined && orgOf(name) === org ? name.slice(0, name.lastIndexOf('@')) : name

const SHARED = 'shared'

/**
 * The refusal as an organisation may read it. It does not say what is left in shared budgets or why the operator
 * stopped them; it does say when the bid can be tried again.
 */
export function refusalFor(org: Org, error: AppError): AppError {
  const { code, retry, facts } = error
  if (org === undefined) return error
  const { scope, remaining: _, ...told } = facts
  if (scope !== undefined && maySee(scope, org))
    return new AppError(code, error.message.replace(scope, shownName(scope, org)), retry, {
      ...facts,
      scope: shownName(scope, org),
    })
  switch (code) {
    case 'paused':
      return new AppError(code, 'The operator has stopped bidding', retry, { ...told, scope: SHARED })
    case 'currency_mismatch':
      if (scope === undefined) return error
      return new AppError(code, 'A budget that organisations share is kept in another currency', retry, {
        ...told,
        scope: SHARED,
      })
    case 'budget_exceeded':
    case 'budget_store_unavailable': {
      const detail =
        code === 'budget_exceeded'
          ? 'A budget that organisations share has not so much left'
          : 'A budget that organisations share cannot be asked'
      return new AppError(code, detail, retry, { ...told, scope: SHARED })
    }
    default:
      return error
  }
}

/** Name of the budget that refused a bid, as the organisation may see it. */
export const nameFor = (org: Org, { name }: Scope): string =>
  maySee(name, org) ? shownName(name, org) : 'a budget that organisations share'
