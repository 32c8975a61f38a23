import { AppError, type Retry } from '../errors.ts'
import { formatMoney, toUnits } from '../money.ts'
import type { Outcome } from '../outcome.ts'
import { type Clock, isoTime } from '../time/clock.ts'
import type { Veto } from './budget/client/veto.ts'
import type { NotCalled } from './guard.ts'
import { limitDetail } from './rate-limit.ts'

/** How long a caller is told to wait while the store is unreachable; the store is retried in the background. */
const STORE_RETRY_MS = 1_000

/** Why a call was not made, or was throttled by the platform. Nothing was changed and nothing is held. */
type Stopped =
  | Extract<NotCalled, { is: 'limited' | 'breaker_open' | 'vetoed' }>
  | Extract<Outcome<unknown>, { is: 'throttled' }>

/**
 * The error with which a stopped call is answered.
 *
 * @param platform the platform's name as the caller wrote it
 */
export function stoppedError(clock: Clock, platform: string, stopped: Stopped): AppError {
  switch (stopped.is) {
    case 'vetoed':
      return vetoError(clock, stopped.veto)
    case 'limited':
      return rateLimited(clock, `${platform}: ${limitDetail(stopped)}`, stopped.retryAfterMs)
    case 'throttled':
      if (stopped.isStoreAway)
        return new AppError('budget_store_unavailable', `${platform}: ${stopped.detail}`, {
          afterMs: stopped.retryAfterMs,
        })
      return rateLimited(clock, `${platform}: ${stopped.detail}`, stopped.retryAfterMs)
    case 'breaker_open': {
      const detail = `${platform} is failing, so nothing is sent to it for now`
      return new AppError('platform_unavailable', detail, { afterMs: stopped.retryAfterMs })
    }
  }
}

/** The error with which a veto is answered. */
export function vetoError(clock: Clock, veto: Veto): AppError {
  switch (veto.is) {
    case 'kill_switch':
      return new AppError('paused', `The kill switch is engaged: ${veto.reason}`, 'later')
    case 'paused':
      return new AppError('paused', `${veto.scope.name} is paused: ${veto.reason}`, 'later', {
        scope: veto.scope.name,
      })
    case 'over_budget': {
      const { scope, amount, remaining, retryAfterMs } = veto
      const retry: Retry = Number.isFinite(retryAfterMs) ? { afterMs: retryAfterMs } : 'never'
      const { name, currency } = scope
      const detail = `${formatMoney(amount)} ${currency} does not fit: ${name} has ${formatMoney(remaining)} ${currency} left`
      return new AppError('budget_exceeded', detail, retry, {
        scope: scope.name,
        amount: toUnits(amount),
        remaining: toUnits(remaining),
        ...passesAt(clock, retryAfterMs),
      })
    }
    case 'store_away': {
      const detail = `The budgets cannot be asked for ${veto.scope.name}: ${veto.detail}`
      const retry = { afterMs: STORE_RETRY_MS }
      return new AppError('budget_store_unavailable', detail, retry, { scope: veto.scope.name })
    }
  }
}

const rateLimited = (clock: Clock, detail: string, afterMs: number): AppError =>
  new AppError('rate_limited', detail, { afterMs }, passesAt(clock, afterMs))

const passesAt = (clock: Clock, afterMs: number): { wouldPassAt?: string } =>
  Number.isFinite(afterMs) ? { wouldPassAt: isoTime(clock.nowMs() + Math.ceil(afterMs)) } : {}
