import type { HttpResponse } from '../../http/http.ts'
import {
  type BatchAnswer,
  type Conversion,
  type EventVerdict,
  refusedBatch,
  unreadable,
} from '../conversions/index.ts'
import { detailOf } from '../platform/detail.ts'
import { at, jsonBody, listAt, numberAt, textAt } from '../platform/json.ts'
import { googleAds, retryDelayMs } from './api.ts'
import { answerAboutTheCall } from './call-answers.ts'
import { transactionIdOf } from './conversion-credentials.ts'

const HOUR_MS = 3_600_000
/** Wait after an error of a short quota that names no delay, in milliseconds. */
const QUOTA_MS = 30_000

/** Errors that mean success: the change had been made before. */
const DONE = new Set([
  'CLICK_CONVERSION_ALREADY_EXISTS',
  'CONVERSION_ALREADY_ENHANCED',
  'ORDER_ID_ALREADY_IN_USE',
  'CONVERSION_ALREADY_RETRACTED',
])
/** Errors that may pass: milliseconds after which the same upload is tried again. */
const LATER: ReadonlyMap<string, number> = new Map([
  ['TOO_RECENT_EVENT', 6 * HOUR_MS],
  ['TOO_RECENT_CONVERSION_ACTION', 6 * HOUR_MS],
  // The tag's own conversion may not have arrived yet; Google does not say how long that takes.
  ['CONVERSION_NOT_FOUND', HOUR_MS],
])
/** Failures on Google's side, which may name a single event. */
const FAILED_KINDS = new Set(['internalError'])
const QUOTA_KINDS = new Set(['quotaError'])
/** Quotas that begin again every day. */
const OF_THE_DAY = new Set(['RESOURCE_EXHAUSTED', 'EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION'])
/** The same conversion was in one call twice, and neither was processed. */
const TWICE = new Set(['DUPLICATE_ORDER_ID', 'DUPLICATE_CLICK_CONVERSION_IN_REQUEST'])
/** Errors that every event of the account would get. */
const OF_THE_ACCOUNT = new Set([
  'CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE',
  'CUSTOMER_NOT_ACCEPTED_CUSTOMER_DATA_TERMS',
  'CUSTOMER_NOT_ENABLED_ENHANCED_CONVERSIONS_FOR_LEADS',
  'CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION',
])
/** Only a warning if the event also has an e-mail address or phone number. */
const CLICK_NOT_FOUND = 'CLICK_NOT_FOUND'

interface UploadError {
  readonly kind: string
  readonly code: string
  readonly detail: string
  /** Index of the event in the call; undefined if the error concerns the whole call. */
  readonly index: number | undefined
  /** The wait that a quota error gives, in milliseconds. */
  readonly waitMs: number | undefined
}

export function readUpload(response: HttpResponse, batch: readonly Conversion[], nowMs: number): BatchAnswer {
  const body = jsonBody(response)
  const whole = at(body, 'error')
  if (typeof whole === 'object' && whole !== null) return refusedCall(whole, response, batch, nowMs)
  const partial = at(body, 'partialFailureError')
  if (typeof partial === 'object' && partial !== null && response.status < 300)
    return partlyFailed(partial, batch)
  // Some entries of `results` echo failed events too, so only the presence of the list is checked.
  if (response.status >= 300 || !Array.isArray(at(body, 'results')) || partial != null)
    return unreadable(response, batch, nowMs)
  return { is: 'taken', verdicts: batch.map(() => ({ is: 'acknowledged' })), requestId: undefined }
}

function errorsIn(error: object): UploadError[] {
  return listAt(error, 'details')
    .flatMap((detail) => listAt(detail, 'errors'))
    .map((each) => {
      const [kind = 'unknownError', code] = Object.entries(Object(at(each, 'errorCode')))[0] ?? []
      const name = typeof code === 'string' ? code : 'UNKNOWN'
      const [place] = listAt(each, 'location', 'fieldPathElements')
      return {
        kind,
        code: name,
        detail: detailOf(`${name}: ${textAt(each, 'message') ?? ''}`),
        index: numberAt(place, 'index'),
        waitMs: retryDelayMs(each),
      }
    })
}

function partlyFailed(partial: object, batch: readonly Conversion[]): BatchAnswer {
  const errors = errorsIn(partial)
  const ofAll = errors.filter(({ index }) => index === undefined || index >= batch.length)
  const ofAccount = errors.find(({ code }) => OF_THE_ACCOUNT.has(code))
  if (ofAccount) return { is: 'account_refused', code: ofAccount.code, detail: ofAccount.detail }
  const [first] = ofAll
  if (errors.length === 0 || first) {
    const said = { code: 'partial_failure', detail: detailOf(textAt(partial, 'message') ?? '') }
    return ofTheWholeCall(first ?? { kind: '', index: undefined, waitMs: undefined, ...said }, batch)
  }
  const seen = new Set<string>()
  const verdicts = batch.map((conversion, index): EventVerdict => {
    const own = errors.filter((error) => error.index === index)
    return own.length === 0
      ? { is: 'acknowledged' }
      : gravest(own.map((error) => verdictOf(error, conversion, seen)))
  })
  return { is: 'taken', verdicts, requestId: undefined }
}

/** The result of an error that names no event: it concerns all of them, and none was processed. */
function ofTheWholeCall(error: UploadError, batch: readonly Conversion[]): BatchAnswer {
  const { code, detail, waitMs } = error
  if (QUOTA_KINDS.has(error.kind)) {
    const untilReset = OF_THE_DAY.has(code)
    return {
      is: 'throttled',
      detail,
      retryAfterMs: waitMs ?? (untilReset ? HOUR_MS : QUOTA_MS),
      ...(untilReset && { untilReset }),
    }
  }
  if (FAILED_KINDS.has(error.kind)) return { is: 'transient', detail }
  const verdict = { is: 'rejected', code, detail } as const
  return refusedBatch(batch, {
    code,
    detail,
    requestId: undefined,
    indexes: [],
    verdict,
    processedNothing: true,
  })
}

function verdictOf(
  { kind, code, detail, waitMs: toldMs }: UploadError,
  conversion: Conversion,
  seen: Set<string>,
): EventVerdict {
  if (DONE.has(code)) return { is: 'acknowledged', note: code }
  if (code === CLICK_NOT_FOUND && hasPerson(conversion)) return { is: 'acknowledged', note: code }
  if (TWICE.has(code)) {
    const id = transactionIdOf(conversion)
    // The first of them is sent again soon; the others wait until it is stored, and then count as duplicates.
    const retryAfterMs = seen.has(id) ? HOUR_MS : 0
    seen.add(id)
    return { is: 'later', code, detail, retryAfterMs }
  }
  const waitMs = LATER.get(code)
  if (waitMs !== undefined) return { is: 'later', code, detail, retryAfterMs: waitMs }
  if (QUOTA_KINDS.has(kind))
    return { is: 'later', code, detail, retryAfterMs: toldMs ?? (OF_THE_DAY.has(code) ? HOUR_MS : QUOTA_MS) }
  if (FAILED_KINDS.has(kind)) return { is: 'later', code, detail }
  return { is: 'rejected', code, detail }
}

const hasPerson = ({ identifiers }: Conversion): boolean =>
  identifiers['email'] !== undefined || identifiers['phone'] !== undefined

const GRAVITY = ['rejected', 'later', 'without', 'acknowledged'] as const

/** If there are several errors about one event, the one that says it was not taken counts. */
function gravest(verdicts: readonly EventVerdict[]): EventVerdict {
  const found = GRAVITY.map((grave) => verdicts.find(({ is }) => is === grave)).find(Boolean)
  return found ?? { is: 'acknowledged' }
}

function refusedCall(
  error: object,
  response: HttpResponse,
  batch: readonly Conversion[],
  nowMs: number,
): BatchAnswer {
  const errors = errorsIn(error)
  const classed = googleAds.read(response, nowMs)
  const code = errors[0]?.code ?? textAt(error, 'status') ?? `HTTP ${response.status}`
  const detail = 'detail' in classed ? classed.detail : code
  const ofAccount = errors.find((each) => OF_THE_ACCOUNT.has(each.code))
  if (ofAccount) return { is: 'account_refused', code: ofAccount.code, detail }
  if (classed.is === 'throttled' && errors.some((each) => OF_THE_DAY.has(each.code)))
    return { is: 'throttled', detail, retryAfterMs: classed.retryAfterMs, untilReset: true }
  const ofTheCall = answerAboutTheCall(classed, code, detail)
  if (ofTheCall) return ofTheCall
  return refusedBatch(batch, {
    code,
    detail,
    requestId: undefined,
    indexes: errors.flatMap(({ index }) => index ?? []),
    verdict: { is: 'rejected', code, detail },
    processedNothing: true,
  })
}
