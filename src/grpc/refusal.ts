import { Metadata, type StatusObject } from '@grpc/grpc-js'
import { problemOf, type RouteProblem, RouteRefusal, shown } from '../api/index.ts'
import { AppError } from '../errors.ts'
import { microsFloor } from '../money.ts'
import { messageNamed } from './contract.ts'
import { grpcStatusOf } from './status-codes.ts'

/** `domain` of `google.rpc.ErrorInfo`: whose error codes its `reason` has. */
const DOMAIN = 'bidwarden'
/** Prefix of type names within `google.protobuf.Any`. */
const TYPES = 'type.googleapis.com'
/** The metadata key under which gRPC libraries look for a `google.rpc.Status`. */
const DETAILS = 'grpc-status-details-bin'

const statusMessage = messageNamed('google.rpc.Status')

/**
 * The problem with which a failed call is answered: that of the route, or `internal` for an unexpected error.
 * @param onUnforeseen called with an unexpected error
 */
export function problemIn(thrown: unknown, onUnforeseen: (error: unknown) => void): RouteProblem {
  if (thrown instanceof RouteRefusal) return thrown.problem
  if (!(thrown instanceof AppError)) onUnforeseen(thrown)
  return problemOf(shown(thrown))
}

/** A problem as a `bidwarden.v1.Problem`. */
export const problemMessage = (problem: RouteProblem): object => ({
  code: problem.code,
  detail: problem.detail,
  retry: `RETRY_${problem.retry.toUpperCase()}`,
  retryAfterMs: problem.retryAfterMs,
  field: problem.field,
  scope: problem.scope,
  amountMicros: problem.amount === undefined ? undefined : microsFloor(problem.amount),
  remainingMicros: problem.remaining === undefined ? undefined : microsFloor(problem.remaining),
  wouldPassAt: problem.wouldPassAt,
  bidId: problem.bidId,
})

/** The gRPC status that ends a refused call; its details contain the problem. */
export function refusedStatus(problem: RouteProblem): StatusObject {
  const code = grpcStatusOf[problem.code]
  // The library encodes it as a URI, which throws for half a character; texts of others may have one.
  const text = problem.detail.toWellFormed()
  const details: object[] = [
    { '@type': `${TYPES}/bidwarden.v1.Problem`, ...problemMessage(problem) },
    { '@type': `${TYPES}/google.rpc.ErrorInfo`, reason: problem.code.toUpperCase(), domain: DOMAIN },
  ]
  if (problem.retryAfterMs !== undefined)
    details.push({ '@type': `${TYPES}/google.rpc.RetryInfo`, retryDelay: durationOf(problem.retryAfterMs) })
  const metadata = new Metadata()
  metadata.set(DETAILS, statusMessage.serialize({ code, message: text, details }))
  return { code, details: text, metadata }
}

const durationOf = (ms: number) => ({ seconds: Math.floor(ms / 1_000), nanos: (ms % 1_000) * 1_000_000 })
