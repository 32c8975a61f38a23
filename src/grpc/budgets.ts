import type { handleServerStreamingCall, handleUnaryCall, ServerWritableStream } from '@grpc/grpc-js'
import type { EventSourceMessage } from 'eventsource-parser'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { z } from 'zod'
import { Budget } from '../agent/index.ts'
import { callOwn, type OwnCall, ownCalls, refusalOf } from '../api/index.ts'
import { AppError } from '../errors.ts'
import { parseJson } from '../json/json.ts'
import { microsFloor } from '../money.ts'
import { asRequest, type DoorParts, onUnforeseen, STOPPING, written } from './door.ts'
import { problemIn, refusedStatus } from './refusal.ts'

/** The most budgets that one call may watch. */
const MAX_WATCHED = 100

const OneScope = z.object({ scope: z.string().default('') })
const SeveralScopes = z.object({ scopes: z.array(z.string()).default([]) })

async function budgetNow(own: OwnCall, scope: string): Promise<object> {
  const { body } = await own({ method: 'GET', path: `/v1/budgets/${encodeURIComponent(scope)}` })
  return budgetMessage(Budget.parse(body))
}

const budgetMessage = (budget: z.output<typeof Budget>): object => ({
  scope: budget.scope,
  currency: budget.currency,
  revision: budget.revision,
  paused: budget.paused,
  pauseReason: budget.pauseReason,
  overdraftMicros: microsFloor(budget.overdraft),
  elsewhereMicros: microsFloor(budget.elsewhere),
  limits: budget.limits.map((limit) => ({
    kind: `KIND_${limit.kind.toUpperCase()}`,
    windowSeconds: limit.windowSeconds,
    timezone: limit.timezone,
    maxMicros: microsFloor(limit.max),
    spentMicros: microsFloor(limit.spent),
    heldMicros: microsFloor(limit.held),
    remainingMicros: microsFloor(limit.remaining),
    utilization: limit.utilization,
    nextReliefMs: limit.nextReliefMs,
  })),
})

/** Answers `GetBudget`. */
export function getBudget(parts: DoorParts): handleUnaryCall<unknown, object> {
  return (call, answer) => {
    const { scope } = OneScope.parse(call.request)
    budgetNow(ownCalls(parts.app, asRequest(call)), scope).then(
      (budget) => answer(null, budget),
      (error) => answer(refusedStatus(problemIn(error, onUnforeseen(parts)))),
    )
  }
}

/** Answers `WatchBudgets` from `GET /v1/stream`, which the console reads too. */
export function watchBudgets(parts: DoorParts): handleServerStreamingCall<unknown, object> {
  return (call) => {
    watch(parts, call).catch((error) => {
      if (!call.cancelled) call.emit('error', refusedStatus(problemIn(error, onUnforeseen(parts))))
    })
  }
}

async function watch(parts: DoorParts, call: ServerWritableStream<unknown, object>): Promise<void> {
  const scopes = new Set(SeveralScopes.parse(call.request).scopes)
  if (scopes.size === 0 || scopes.size > MAX_WATCHED) {
    const detail = `scopes: must name 1 to ${MAX_WATCHED} budgets`
    throw new AppError('invalid_request', detail, 'never', { field: 'scopes' })
  }
  const asking = asRequest(call)
  asking.outgoing.assignSocket(asking.incoming.socket)
  // Opened before the budgets are read, so that no change between the two is missed.
  const stream = await callOwn(parts.app, asking, { method: 'GET', path: '/v1/stream' })
  if (!stream.ok || stream.body === null) throw await refusalOf(stream)
  const events = eventsOf(stream.body).getReader()
  // The stream ends when the caller hangs up, or when the service closes it because the caller does not read.
  const stopReading = () => events.cancel().catch(() => {})
  call.once('cancelled', stopReading)
  asking.outgoing.once('close', stopReading)
  // The caller may have hung up while the stream was opened.
  if (call.cancelled) stopReading()
  try {
    await passOn({ own: ownCalls(parts.app, asking), events, scopes, call })
  } finally {
    await stopReading()
  }
  if (call.cancelled) return
  if (asking.outgoing.destroyed) throw TOO_SLOW
  parts.authorize(asking.incoming, 'read')
  throw STOPPING
}

const TOO_SLOW = new AppError('rate_limited', 'Budgets have changed faster than they were read', 'later')

const eventsOf = (body: NonNullable<Response['body']>): ReadableStream<EventSourceMessage> =>
  body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())

interface Watched {
  readonly own: OwnCall
  readonly events: ReadableStreamDefaultReader<EventSourceMessage>
  readonly scopes: ReadonlySet<string>
  readonly call: ServerWritableStream<unknown, object>
}

/** Writes the budgets as they are now, and each of them again when it changes, until the events end. */
async function passOn({ own, events, scopes, call }: Watched): Promise<void> {
  const writeAll = async () => {
    for (const scope of scopes) await written(call, await budgetNow(own, scope))
  }
  await writeAll()
  for (let next = await events.read(); !next.done; next = await events.read()) {
    const { event, data } = next.value
    // Events before this one were lost, and changes with them.
    if (event === 'reset') await writeAll()
    if (event !== 'budget') continue
    const budget = Budget.parse(parseJson(data))
    if (scopes.has(budget.scope)) await written(call, budgetMessage(budget))
  }
}
