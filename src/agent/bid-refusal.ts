import { type Clock, isoTime } from '../clock.ts'
import { AppError, type Retry } from '../errors.ts'
import { toUnits } from '../money.ts'
import type { Failure } from '../outcome.ts'
import { RecordsUnavailable } from '../records/index.ts'
import type { Guarded, Veto } from '../shield/index.ts'
import type { DecisionRecord } from './decisions.ts'

/** The store and the disk are tried again by themselves; sooner than this a caller would find them as they were. */
const STORE_RETRY_MS = 1_000

type NotPlaced = Exclude<Guarded<unknown>, { is: 'accepted' }>

/** What a bid that was not placed is answered with. */
export function refusalOf(
  clock: Clock,
  { platform, bidId }: Pick<DecisionRecord, 'platform' | 'bidId'>,
  notPlaced: NotPlaced,
): AppError {
  switch (notPlaced.is) {
    case 'vetoed':
      return vetoError(clock, notPlaced.veto)
    case 'limited':
    case 'throttled': {
      const { retryAfterMs } = notPlaced
      const detail = notPlaced.is === 'limited' ? 'our own limit of calls is reached' : notPlaced.detail
      return new AppError(
        'rate_limited',
        `${platform}: ${detail}`,
        { afterMs: retryAfterMs },
        passesAt(clock, retryAfterMs),
      )
    }
    case 'breaker_open': {
      const { retryAfterMs } = notPlaced
      const detail = `${platform} is failing and is left alone for now`
      return new AppError('platform_unavailable', detail, { afterMs: retryAfterMs })
    }
    case 'unready':
      return recordsError(notPlaced.error)
    case 'repeated':
      throw new Error(`a bid with the id ${bidId} was held before`)
    default:
      return failureError(platform, bidId, notPlaced)
  }
}

/** What stands in the way of recording, as an error that may be shown. Anything else is thrown on. */
export function recordsError(error: unknown): AppError {
  if (!(error instanceof RecordsUnavailable)) throw error
  const detail = `The records of bids cannot be used now, and without them no bid is placed: ${error.message}`
  return new AppError('records_unavailable', detail, { afterMs: STORE_RETRY_MS })
}

/** A bid that was sent, and whose ending could not be recorded: after a restart nobody would know it. */
export const unrecorded = (bidId: string, error: RecordsUnavailable): AppError =>
  new AppError(
    'outcome_unknown',
    `The bid was sent, but what came of it could not be recorded (${error.message}); it counts as spent, and GET /v1/bids/${bidId} says what is known`,
    'never',
    { bidId },
  )

function failureError(
  platform: string,
  bidId: string,
  failure: Exclude<Failure, { is: 'throttled' }>,
): AppError {
  switch (failure.is) {
    case 'refused':
      return new AppError('platform_refused', `${platform} refused the bid: ${failure.detail}`, 'never', {
        bidId,
      })
    case 'auth_lost': {
      const detail = `${platform} does not take our credentials: ${failure.detail}; an operator must see to them`
      return new AppError('platform_unavailable', detail, 'later', { bidId })
    }
    case 'unavailable':
      return new AppError(
        'platform_unavailable',
        `${platform} could not be reached: ${failure.detail}`,
        'later',
        { bidId },
      )
    case 'unknown': {
      const detail = `${platform} did not answer for certain (${failure.detail}); the bid counts as spent until it is proven otherwise`
      return new AppError('outcome_unknown', detail, 'never', { bidId })
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
      return new AppError(
        'budget_exceeded',
        `${scope.name} has ${toUnits(remaining)} ${scope.currency} left`,
        retry,
        {
          scope: scope.name,
          remaining: toUnits(remaining),
          ...passesAt(clock, retryAfterMs),
        },
      )
    }
    case 'store_away': {
      const detail = `The budgets cannot be asked for ${veto.scope.name}: ${veto.detail}`
      return new AppError(
        'budget_store_unavailable',
        detail,
        { afterMs: STORE_RETRY_MS },
        { scope: veto.scope.name },
      )
    }
  }
}

const passesAt = (clock: Clock, afterMs: number): { wouldPassAt?: string } =>
  Number.isFinite(afterMs) ? { wouldPassAt: isoTime(clock.nowMs() + Math.ceil(afterMs)) } : {}
