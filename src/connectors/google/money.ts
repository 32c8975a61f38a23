import { type Micros, minorDigits } from '../../money.ts'
import { payable } from '../platform/campaigns.ts'
import type { AccountRef } from '../platform/connector.ts'

declare const unit: unique symbol
/** Micros as Google writes them: an int64 in a string, a multiple of the currency's billable unit. */
export type GoogleMicros = string & { readonly [unit]: 'google_micros' }

/**
 * Rounds down to the currency's smallest billable unit, which Google demands of every bid and budget. Taken as the
 * minor unit of ISO 4217 and never finer than a hundredth.
 */
export function toGoogleMicros(amount: Micros, currency: string): GoogleMicros {
  const billable = 10 ** (6 - Math.min(2, minorDigits(currency)))
  return String(Math.floor(amount / billable) * billable) as GoogleMicros
}

/**
 * A budget as Google’s APIs take it, rounded down here, because they would round up below the smallest unit.
 * @throws TalkRefused where nothing is left of it
 */
export const googleBudgetOf = (budgetMicros: number, account: Pick<AccountRef, 'currency'>): GoogleMicros =>
  payable(budgetMicros, account, toGoogleMicros, (amount) => amount === '0')
