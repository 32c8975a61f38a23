import type { HttpRequest } from '../../http/http.ts'
import { type Micros, micros } from '../../money.ts'
import type { AccountRef } from './connector.ts'
import { type AskTalk, bodyOf, TalkRefused, WRITES } from './steps.ts'

/**
 * A platform that demands a budget for a campaign's whole flight gets, for a new campaign, the daily budget times this
 * many days.
 */
export const NEW_CAMPAIGN_DAYS = 30

/** Result of a change: the id of its campaign. */
export interface Changed {
  readonly id: string
}

/** Sends a change and returns the body of its answer, which still has to show what was changed. */
export function* written(request: HttpRequest): AskTalk<unknown> {
  return bodyOf(yield { is: 'ask', request, bucket: WRITES, writes: true })
}

/** The account's currency; refused where the connection does not know it, because no amount can be converted then. */
export function currencyOf({ currency }: Pick<AccountRef, 'currency'>): string {
  if (currency === undefined) throw new TalkRefused('the currency of the account is not known')
  return currency
}

/** A new campaign's daily budget; refused without one. */
export function budgetOfNew(dailyBudgetMicros: number | undefined): number {
  if (dailyBudgetMicros === undefined) throw new TalkRefused('a campaign needs a daily budget')
  return dailyBudgetMicros
}

/**
 * A budget as the platform writes it, rounded down; refused where nothing is left of it.
 * @param convert converts to the platform's unit
 * @param isNothing whether the converted amount is zero
 */
export function payable<T>(
  dailyBudgetMicros: number,
  account: Pick<AccountRef, 'currency'>,
  convert: (amount: Micros, currency: string) => T,
  isNothing: (amount: T) => boolean,
): T {
  const currency = currencyOf(account)
  const amount = convert(micros(dailyBudgetMicros), currency)
  if (isNothing(amount)) throw new TalkRefused(`the budget is below the smallest unit of ${currency}`)
  return amount
}

export const nothingToChange = (): TalkRefused => new TalkRefused('nothing is to be changed')
export const noOwnBudget = (id: string): TalkRefused =>
  new TalkRefused(`campaign ${id} has no daily budget of its own`)
export const nameIsTaken = (name: string, id: string): TalkRefused =>
  new TalkRefused(`there is a campaign ${name} already: ${id}`)

/** Looks for a name in the pages of a list of campaigns, so that repeating a creation never makes a second one. */
export class Namesake {
  readonly #name: string
  readonly #identify: (campaign: unknown) => {
    readonly id: string
    readonly name?: string | null | undefined
  }
  #id: string | undefined

  constructor(
    name: string,
    identify: (campaign: unknown) => { readonly id: string; readonly name?: string | null | undefined },
  ) {
    this.#name = name
    this.#identify = identify
  }

  /** Takes each page; none of it becomes a row. */
  look(page: readonly unknown[]): readonly [] {
    for (const { id, name } of page.map(this.#identify)) if (name === this.#name) this.#id ??= id
    return []
  }

  /** @throws TalkRefused where a campaign has the name */
  refuse(): void {
    if (this.#id !== undefined) throw nameIsTaken(this.#name, this.#id)
  }
}
