import { AppError } from '../../errors.ts'
import type { Failure } from '../../outcome.ts'
import { type Guarded, stoppedError } from '../../shield/index.ts'
import { RecordsUnavailable } from '../../storage/index.ts'
import type { Clock } from '../../time/clock.ts'
import type { DecisionRecord } from './decisions.ts'

/** `Retry-After` while records are unavailable, in milliseconds: the disk is tried again about this often. */
const RECORDS_RETRY_MS = 1_000

type NotPlaced = Exclude<Guarded<unknown>, { is: 'accepted' }>

/** Turns the refusal of the guard into the error that the caller gets. */
export function refusalOf(
  clock: Clock,
  { platform, bidId }: Pick<DecisionRecord, 'platform' | 'bidId'>,
  notPlaced: NotPlaced,
): AppError {
  switch (notPlaced.is) {
    case 'vetoed':
    case 'limited':
    case 'throttled':
    case 'breaker_open':
      return stoppedError(clock, platform, notPlaced)
    case 'unready':
      return recordsError(notPlaced.error)
    case 'repeated':
      throw new Error(`a bid with the id ${bidId} was held before`)
    default:
      return failureError(platform, bidId, notPlaced)
  }
}

/** Turns a failure to record into an error for the caller; throws every other error. */
export function recordsError(error: unknown): AppError {
  if (!(error instanceof RecordsUnavailable)) throw error
  const detail = `The records of bids cannot be used now, and without them no bid is placed: ${error.message}`
  return new AppError('records_unavailable', detail, { afterMs: RECORDS_RETRY_MS })
}

/** Error for a bid that was sent and whose result could not be recorded: after a restart its outcome is unknown. */
export const unrecorded = (bidId: string, error: RecordsUnavailable): AppError =>
  new AppError(
    'outcome_unknown',
    `The bid was sent, but its outcome could not be recorded (${error.message}); it counts as spent, and GET /v1/bids/${bidId} shows what is known`,
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
      const detail = `No bid can be placed on ${platform}: ${failure.detail}; an operator must see to it`
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
