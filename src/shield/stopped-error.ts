import { type Clock, isoTime } from '../clock.ts'
import { AppError, type Retry } from '../errors.ts'
import { toUnits } from '../money.ts'
import type { Outcome } from '../outcome.ts'
import type { NotCalled } from './guard.ts'
import type { Veto } from './veto.ts'

/** The store is tried again by itself; sooner than this a caller would find it as it was. */
const STORE_RETRY_MS = 1_000

/** What stood in the way of a call, or made the platform want none: nothing was changed and nothing is held. */
type Stopped =
  | Extract<NotCalled, { is: 'limited' | 'breaker_open' | 'vetoed' }>
  | Extract<Outcome<unknown>, { is: 'throttled' }>

/** What a call that was stopped is answered with, whoever wanted it. @param platform as the caller calls it */
export function stoppedError(clock: Clock, platform: string, stopped: Stopped): AppError {
  switch (stopped.is) {
    case 'vetoed':
      return vetoError(clock, stopped.veto)
    case 'limited':
      return rateLimited(clock, `${platform}: our own limit of calls is reached`, stopped.retryAfterMs)
    case 'throttled':
      return rateLimited(clock, `${platform}: ${stopped.detail}`, stopped.retryAfterMs)
    case 'breaker_open': {
      const detail = `${platform} is failing and is left alone for now`
      return new AppError('platform_unavailable', detail, { afterMs: stopped.retryAfterMs })
    }
  }
}

/** Why no money was held. */
export function vetoError(clock: Clock, veto: Veto): AppError {
  switch (veto.is) {
    case 'kill_switch':
      return new AppError('paused', `The kill switch is engaged: ${veto.reason}`, 'later')
    case 'paused':
      return new AppError('paused', `${veto.scope.name} is paused: ${veto.reason}`, 'later', {
        scope: veto.scope.name,
      })
    case 'over_budget': {
      const { scope, remaining, retryAfterMs } = veto
      const retry: Retry = Number.isFinite(retryAfterMs) ? { afterMs: retryAfterMs } : 'never'
      const detail = `${scope.name} has ${toUnits(remaining)} ${scope.currency} left`
      return new AppError('budget_exceeded', detail, retry, {
        scope: scope.name,
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
