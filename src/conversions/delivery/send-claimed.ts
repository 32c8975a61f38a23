import { AppError } from '../../errors.ts'
import { Slices } from '../../time/slices.ts'
import { type ConnectionRow, confirmConnection, restConnection, stopConnection } from '../connections.ts'
import { conversionOf, faultOf } from '../conversion-of.ts'
import type { Base } from '../conversions.ts'
import { MAX_DETAIL, storable } from '../json-rows.ts'
import type { Mappings } from '../mappings.ts'
import { type Claimed, type EndedDelivery, finish, mayCountTwice, renew } from '../outbox/index.ts'
import { openPersonal, sealPersonal } from '../sealed.ts'
import { noteAccepted } from './accepted-calls.ts'
import { type ConversionCallDeps, type ConversionLine, type SentBatch, sendBatch } from './call.ts'
import { type Delivered, deliverBatch, type Parcel, type Stop } from './deliver-batch.ts'
import type { CapiResponse, ConversionLane } from './lanes.ts'
import { THROTTLED_MS, UNREADABLE_MS } from './retry-delays.ts'
import type { ConversionTraffic } from './traffic.ts'

export interface SendDeps extends Base {
  readonly calls: ConversionCallDeps
  readonly mappings: Mappings
  readonly traffic: ConversionTraffic
  /** Called when a connection is stopped because the platform no longer accepts its credentials. */
  readonly onStopped: (row: ConnectionRow, detail: string) => Promise<void>
}

/** Bytes that an event takes up in a request besides its stored content: member names, times, ids. */
const OWN_BYTES = 400
/** Sealed text is a third longer than its content. Meta's requests contain the items of an order twice. */
const OPENED = 0.75
const SENT_TWICE = 2

/** Sends claimed deliveries of one connection, and stores the outcome of each. */
export async function sendClaimed(
  deps: SendDeps,
  lane: ConversionLane,
  row: ConnectionRow,
  line: ConversionLine,
  claimed: readonly Claimed[],
): Promise<void> {
  // As many were due as were wanted, so more are probably waiting.
  const isFull = claimed.length >= lane.optimiser.size
  const { parcels, ended } = await openAll(deps, lane, line, claimed)
  if (ended.length > 0) await finish(deps, ended)
  let stop: Stop | undefined
  const put: EndedDelivery[] = []
  for (const batch of batchesOf(lane, parcels)) {
    if (stop) {
      put.push(...batch.map((parcel) => ({ claimed: parcel.claimed, outcome: PUT_BACK })))
      continue
    }
    const delivered = await deliver(deps, lane, line, batch, isFull)
    stop = delivered.stop
    if (row.status === 'pending' && delivered.ended.some(({ outcome }) => isTaken(outcome)))
      await confirmConnection(deps, row)
    await finish(deps, cleaned(delivered.ended, batch), (tx) =>
      noteAccepted(tx, deps.clock, row, delivered.ended),
    )
    if (stop) await applyStop(deps, lane, row, stop)
  }
  if (put.length > 0) await finish(deps, put)
}

const isTaken = ({ is }: EndedDelivery['outcome']): boolean => is === 'acknowledged' || is === 'processing'

const PUT_BACK = { is: 'put_back', afterMs: 0 } as const

/**
 * Decrypts the deliveries, and checks again what may have changed since they were accepted: time, mapping,
 * deduplication window.
 */
async function openAll(
  deps: SendDeps,
  lane: ConversionLane,
  line: ConversionLine,
  claimed: readonly Claimed[],
) {
  const parcels: Parcel[] = []
  const ended: EndedDelivery[] = []
  const slices = new Slices()
  for (const one of claimed) {
    if (slices.isOver) await slices.next()
    const opened = await openOne(deps, lane, line, one)
    if (opened.is === 'parcel') parcels.push(opened.parcel)
    else ended.push({ claimed: one, outcome: opened.outcome })
  }
  return { parcels, ended }
}

type Opened =
  | { readonly is: 'parcel'; readonly parcel: Parcel }
  | { readonly is: 'ended'; readonly outcome: EndedDelivery['outcome'] }

async function openOne(
  { keyring, mappings, clock }: SendDeps,
  { room }: ConversionLane,
  { credentials }: ConversionLine,
  claimed: Claimed,
): Promise<Opened> {
  const { platform, limits } = room.connector
  const nowMs = clock.nowMs()
  const dead = (code: string, detail: string): Opened => ({
    is: 'ended',
    outcome: { is: 'dead', code, detail, isUnsent: true },
  })
  const { unknown_since_ms: unknownMs, sealed } = claimed
  if (mayCountTwice(limits, unknownMs, nowMs))
    return dead('outcome_unknown', `${platform} may have taken it, and would count it twice by now`)
  if (sealed === null) return dead('too_old', 'the personal data of the event was deleted')
  try {
    const personal = openPersonal(keyring, claimed, sealed)
    const mapping = await mappings.of(claimed.org_id, claimed.mapping_version)
    const { mended } = personal
    const conversion = conversionOf(
      { ...claimed, ...mended },
      mended?.data ?? claimed.data,
      personal,
      room,
      mapping,
    )
    const fault = faultOf(room, conversion, credentials, nowMs)
    if (fault)
      return dead(
        fault.field === 'event_time' ? 'too_old' : 'refused_here',
        `${fault.field}: ${fault.reason}`,
      )
    return { is: 'parcel', parcel: { claimed, conversion, personal, isChanged: false } }
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'credentials_unreadable') throw error
    return {
      is: 'ended',
      outcome: {
        is: 'put_back',
        afterMs: UNREADABLE_MS,
        code: error.code,
        detail: 'no key decrypts its stored content',
      },
    }
  }
}

/** Groups events into batches that fit into one request of the platform. */
function batchesOf({ room }: ConversionLane, parcels: readonly Parcel[]): Parcel[][] {
  const { limits } = room.connector
  const batches: Parcel[][] = []
  for (const group of Map.groupBy(parcels, ({ conversion }) => room.connector.groupOf(conversion)).values()) {
    let batch: Parcel[] = []
    let bytes = 0
    for (const parcel of group) {
      const { sealed, data_chars } = parcel.claimed
      const own = OWN_BYTES + OPENED * (sealed?.length ?? 0) + SENT_TWICE * data_chars
      if (
        batch.length > 0 &&
        (batch.length >= limits.maxEventsPerCall || bytes + own > limits.maxBodyBytes)
      ) {
        batches.push(batch)
        ;[batch, bytes] = [[], 0]
      }
      batch.push(parcel)
      bytes += own
    }
    batches.push(batch)
  }
  return batches
}

async function deliver(
  deps: SendDeps,
  lane: ConversionLane,
  line: ConversionLine,
  batch: readonly Parcel[],
  isFull: boolean,
): Promise<Delivered> {
  const { optimiser, orgId, platform, breaker } = lane
  return deliverBatch(
    {
      isProcessedLater: line.connector.later !== undefined,
      seal: ({ claimed, personal }) => sealPersonal(deps.keyring, claimed, personal),
      async call(parcels, isAgain) {
        // The lease of a claim is longer than one call, but not longer than many.
        if (
          isAgain &&
          (
            await renew(
              deps,
              parcels.map(({ claimed }) => claimed),
            )
          ).size < parcels.length
        )
          return { is: 'held', waitMs: 0, why: 'another process has it' }
        const sent = await sendBatch(
          deps.calls,
          line,
          parcels.map(({ conversion }) => conversion),
          isAgain,
        )
        if (sent.is === 'held' || sent.is === 'auth_lost') return sent
        const { latencyMs } = sent
        const is = sent.is === 'answered' ? sent.answer.is : sent.is
        const hasFailed = is !== 'taken' && is !== 'batch_refused'
        if (is === 'taken') optimiser.worked({ size: parcels.length, latencyMs }, isFull)
        else if (hasFailed) optimiser.failed(`a call of ${parcels.length} events ended as ${is}`)
        deps.meter.called(platform, is, parcels.length, latencyMs)
        lane.lastResponse = responseOf(platform, parcels, sent)
        deps.traffic.note({
          orgId,
          platform,
          circuitState: breaker.state.is,
          call: { hasFailed, latencyMs },
          ...eventsOf(sent, parcels.length, line.connector.later !== undefined),
        })
        return sent
      },
    },
    batch,
  )
}

/**
 * The events of a call that count for the health of the connection, and how many of them failed. Left out are events
 * that are sent again because of another one, and events whose result the platform will give later.
 */
function eventsOf(
  sent: SentBatch,
  size: number,
  isProcessedLater: boolean,
): { events: number; failedEvents: number } {
  const answer = sent.is === 'answered' ? sent.answer : undefined
  if (answer?.is !== 'taken' && answer?.is !== 'batch_refused') return { events: size, failedEvents: size }
  const verdicts = [...answer.verdicts.values()]
  // A batch of one was refused without naming the event, so it is that one.
  const isOnly = answer.is === 'batch_refused' && verdicts.length === 0 && size === 1
  const failedEvents = isOnly ? 1 : verdicts.filter(({ is }) => is === 'rejected' || is === 'later').length
  const taken = verdicts.filter(({ is }) => is === 'acknowledged').length
  return { events: failedEvents + (isProcessedLater ? 0 : taken), failedEvents }
}

/**
 * The result of a call as the API shows it. It contains only codes: a message of the platform may repeat what it was
 * sent.
 */
function responseOf(
  platform: string,
  parcels: readonly Parcel[],
  sent: Extract<SentBatch, { readonly latencyMs: number }>,
): CapiResponse {
  const answer = sent.is === 'answered' ? sent.answer : undefined
  const verdicts = answer?.is === 'taken' ? answer.verdicts : []
  const processed = verdicts.filter(({ is }) => is === 'acknowledged').length
  const refused = verdicts.flatMap((verdict) => (verdict.is === 'acknowledged' ? [] : [verdict.code]))
  const whole =
    answer === undefined
      ? [sent.is]
      : answer.is === 'taken'
        ? []
        : ['code' in answer ? answer.code : answer.is]
  const counts = Map.groupBy([...whole, ...refused], (code) => code)
  return {
    success: answer?.is === 'taken' && processed === parcels.length,
    events_received: parcels.length,
    events_processed: processed,
    errors: [...counts].slice(0, MAX_ERRORS).map(([code, all]) => ({ code, message: `${all.length} times` })),
    platform,
    request_id: answer && 'requestId' in answer ? (answer.requestId ?? null) : null,
  }
}

/** The most error codes that the API shows of one call. */
const MAX_ERRORS = 20

/** Stops or pauses the connection as the reason of a stop requires. */
async function applyStop(
  deps: SendDeps,
  lane: ConversionLane,
  row: ConnectionRow,
  stop: Stop,
): Promise<void> {
  const { clock, store } = deps
  switch (stop.is) {
    case 'held':
      lane.heldUntilMs = clock.elapsedMs() + stop.waitMs
      return
    case 'throttled': {
      const waitMs = stop.retryAfterMs ?? (stop.untilReset ? untilResetMs(clock.nowMs()) : THROTTLED_MS)
      lane.heldUntilMs = clock.elapsedMs() + waitMs
      await restConnection(store, row, clock.nowMs() + waitMs)
      return
    }
    case 'auth_lost':
    case 'account_refused': {
      const detail = storable(stop.detail, MAX_DETAIL)
      if (await stopConnection(store, row, detail)) await deps.onStopped(row, detail)
      return
    }
    default:
      return
  }
}

const DAY_MS = 86_400_000
/**
 * Google resets its daily quotas at midnight Pacific time: 8 hours after midnight UTC in winter, 7 in summer. The later
 * one is used.
 */
const RESET_MS = 8 * 3_600_000

const untilResetMs = (nowMs: number): number => DAY_MS - ((nowMs - RESET_MS) % DAY_MS)

/**
 * Patterns in messages of a platform that may be personal data of anybody: links, hashes, IP addresses, long numbers.
 * Words with an "@" are removed beside them.
 */
const PERSONAL = [
  /https?:\/\/[^\s"'<>]+/gi,
  /\b[0-9a-f]{32,}\b/gi,
  /\b\d{1,3}(?:\.\d{1,3}){3}\b/g,
  /\+?\d[\d ()-]{8,}\d/g,
]
const WORD = /[^\s"'<>]+/g

/** A platform's message without personal data, and without any text that it repeats of `personal`. */
export function withoutPersonal(words: string, personal: unknown): string {
  const withoutAddresses = words.replaceAll(WORD, (word) => (word.includes('@') ? '…' : word))
  const clean = PERSONAL.reduce((left, one) => left.replaceAll(one, '…'), withoutAddresses)
  return textsIn(personal).reduce((left, value) => left.replaceAll(value, '…'), clean)
}

/** Texts that are shorter are not removed, in characters: they occur in any message. */
const MIN_CLEANED = 5

/** The outcomes with messages of the platform that repeat nothing personal of their events. */
function cleaned(ended: readonly EndedDelivery[], batch: readonly Parcel[]): EndedDelivery[] {
  const personalOf = new Map(batch.map(({ claimed, personal }) => [claimed.seq, personal]))
  return ended.map(({ claimed, outcome }) => {
    const clean = (text: string): string => withoutPersonal(text, personalOf.get(claimed.seq))
    if (outcome.is === 'processing') return { claimed, outcome }
    if (outcome.is === 'acknowledged')
      return {
        claimed,
        outcome: outcome.note === undefined ? outcome : { ...outcome, note: clean(outcome.note) },
      }
    if (outcome.detail === undefined) return { claimed, outcome }
    return { claimed, outcome: { ...outcome, detail: clean(outcome.detail) } }
  })
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.length >= MIN_CLEANED ? [value] : []
  if (value === null || typeof value !== 'object') return []
  return Object.values(value).flatMap(textsIn)
}
