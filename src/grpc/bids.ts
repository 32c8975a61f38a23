import type { handleBidiStreamingCall, handleUnaryCall, ServerDuplexStream } from '@grpc/grpc-js'
import { z } from 'zod'
import { BidAnswer } from '../agent/index.ts'
import { type OwnCall, ownCalls } from '../api/index.ts'
import { AppError } from '../errors.ts'
import { microsFloor } from '../money.ts'
import { asRequest, type DoorParts, onUnforeseen, STOPPING, written } from './door.ts'
import { eachMessage } from './each-message.ts'
import { problemIn, problemMessage, refusedStatus } from './refusal.ts'

/** A `PlaceBidRequest` as it arrives; the route checks what it says. */
const Asked = z.looseObject({
  platform: z.union([z.string(), z.number()]).optional(),
  bidAmountMicros: z.number().optional(),
  idempotencyKey: z.string().optional(),
})

const MICROS_PER_UNIT = 1_000_000
const PLATFORM = 'PLATFORM_'

/** An idempotency key as a header can hold it. A line break would name a bid within a batch, so it must not get through. */
const HEADER_KEY = /^[\x21-\x7e]{1,255}$/

/** The most bids of one stream that are under way at once. */
const BIDS_AT_ONCE = 32

/** Places a bid by `POST /v1/bids`. Rejects with the route's refusal. */
async function placedBid(own: OwnCall, message: unknown): Promise<object> {
  const { platform, bidAmountMicros, idempotencyKey, ...rest } = Asked.parse(message)
  if (idempotencyKey !== undefined && !HEADER_KEY.test(idempotencyKey)) {
    const detail = 'idempotencyKey: must be 1 to 255 visible ASCII characters'
    throw new AppError('invalid_request', detail, 'never', { field: 'idempotencyKey' })
  }
  const body = {
    ...rest,
    ...(platform !== undefined && { platform: platformName(platform) }),
    ...(bidAmountMicros !== undefined && { bidAmount: bidAmountMicros / MICROS_PER_UNIT }),
  }
  const keyed = idempotencyKey === undefined ? {} : { idempotencyKey }
  const answer = await own({ method: 'POST', path: '/v1/bids', body, ...keyed })
  return placedMessage(BidAnswer.parse(answer.body), answer.isReplayed)
}

/** `PLATFORM_GOOGLE_ADS` becomes `google_ads`. A platform that the contract does not name stays as it is; the route refuses it. */
const platformName = (named: string | number): string =>
  String(named).startsWith(PLATFORM) ? String(named).slice(PLATFORM.length).toLowerCase() : String(named)

const placedMessage = (bid: z.output<typeof BidAnswer>, replayed: boolean): object => ({
  bidId: bid.bidId,
  status: `STATUS_${bid.status.toUpperCase()}`,
  platform: PLATFORM + bid.platform.toUpperCase(),
  source: `SOURCE_${bid.source.toUpperCase()}`,
  bidAmountMicros: microsFloor(bid.bidAmount),
  currency: bid.currency,
  predictedLtvMicros: microsFloor(bid.predictedLtv),
  platformRef: bid.platformRef,
  budget: bid.budget && {
    limitMicros: microsFloor(bid.budget.limit),
    spentMicros: microsFloor(bid.budget.spent),
    heldMicros: microsFloor(bid.budget.held),
    remainingMicros: microsFloor(bid.budget.remaining),
    utilization: bid.budget.utilization,
  },
  latencyMs: bid.latencyMs,
  explanation: bid.explanation,
  replayed,
  approvalId: bid.approval?.approvalId,
})

/** Answers `PlaceBid`. A caller that hangs up, or whose deadline passes, does not undo a bid that has begun. */
export function placeBid(parts: DoorParts): handleUnaryCall<unknown, object> {
  return (call, answer) => {
    placedBid(ownCalls(parts.app, asRequest(call)), call.request).then(
      (bid) => answer(null, bid),
      (error) => answer(refusedStatus(problemIn(error, onUnforeseen(parts)))),
    )
  }
}

/** Answers `PlaceBids`: each bid as if it had come by itself. */
export function placeBids(parts: DoorParts): handleBidiStreamingCall<unknown, object> {
  return (call) => {
    placeAll(parts, call).catch((error) => {
      if (!call.cancelled) call.emit('error', refusedStatus(problemIn(error, onUnforeseen(parts))))
    })
  }
}

async function placeAll(parts: DoorParts, call: ServerDuplexStream<unknown, object>): Promise<void> {
  const asking = asRequest(call)
  // A caller that may not bid is refused before its first message; an open stream counts as one of the caller's calls.
  const leave = parts.authorize(asking.incoming, 'bid').begin()
  const own = ownCalls(parts.app, asking)
  const { stopping } = parts
  try {
    const work = async (message: unknown, index: number) =>
      written(call, { index, ...(await resultOf(parts, own, message)) })
    await eachMessage(call, { most: BIDS_AT_ONCE, stopping, work })
  } finally {
    leave()
  }
  if (stopping.aborted) throw STOPPING
  call.end()
}

async function resultOf(parts: DoorParts, own: OwnCall, message: unknown): Promise<object> {
  try {
    return { bid: await placedBid(own, message) }
  } catch (error) {
    return { problem: problemMessage(problemIn(error, onUnforeseen(parts))) }
  }
}
