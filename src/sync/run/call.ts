import { type Readable, Transform } from 'node:stream'
import { type Clock, every } from '../../clock.ts'
import { messageOf } from '../../errors.ts'
import type { HttpRequest, HttpResponse, Opening, StreamingClient } from '../../http.ts'
import type { Answer } from '../../platforms/index.ts'
import type { Priority, Verdict } from '../../shield/index.ts'
import { type Caveats, reasonOf } from '../connectors/caveats.ts'
import type { ReadConnector, ReadStep, Row } from '../connectors/read-connector.ts'
import type { Token, TokenKeeper } from '../oauth/index.ts'
import type { Breakers, Calling } from './breakers.ts'
import { parsedInSlices } from './large-answer.ts'
import type { Account, Limits } from './limits.ts'
import { type Found, NotAsOrdered, recordsOf } from './read-stream.ts'

export interface CallDeps {
  readonly clock: Clock
  readonly http: StreamingClient
  readonly tokens: Pick<TokenKeeper, 'get' | 'renew' | 'lose'>
  readonly limits: Limits
  readonly breakers: Breakers
  /** For one request. */
  readonly timeoutMs: number
  /** No longer is waited between two looks at a report that a platform makes; undefined for as long as its connector says. */
  readonly longestWaitMs?: number | undefined
  readonly onCall: (caller: CallerOf, outcome: string, latencyMs: number) => void
  readonly onLimited: (caller: CallerOf, retryAfterMs: number) => void
}

/** For whom a call is made. */
export interface CallerOf {
  readonly connector: ReadConnector
  readonly connectorId: string
  readonly account: Account
  readonly priority: Priority
}

const callingOf = ({ connector, connectorId, account }: CallerOf): Calling => ({
  type: connector.type,
  orgId: account.orgId,
  connectorId,
})

export type CallStep = Extract<ReadStep, { is: 'ask' | 'download' }>

/** Where the rows of a download go, and what breaks a call off. */
export interface Sink {
  readonly cancelled: AbortSignal
  /** @param sums fields that add up over rows of this download with the same key */
  onRows(rows: readonly Row[]): Promise<void>
  readonly caveats: Caveats
}

/** An {@link Answer}, or why there is none. `later`: nothing was sent; the same call may pass after `waitMs`. */
export type CallAnswer =
  | Exclude<Answer, { is: 'throttled' | 'auth_expired' }>
  | { readonly is: 'later'; readonly waitMs: number; readonly waitsFor: 'rate_limit' | 'recovery' }
  | { readonly is: 'not_sent' | 'no_answer'; readonly detail: string }

type Sent = Answer | Extract<CallAnswer, { is: 'later' | 'not_sent' | 'no_answer' }>

/** Rows of a download that are handed on together. */
const BATCH = 1_000
const MAX_ERROR_BYTES = 256 * 1024
const REDIRECTS = new Set([301, 302, 303, 307, 308])
const MAX_HOPS = 3

const verdictOf: Record<Answer['is'] | 'not_sent' | 'no_answer', Verdict> = {
  ok: 'healthy',
  refused: 'healthy',
  throttled: 'neutral',
  auth_expired: 'neutral',
  auth_lost: 'neutral',
  not_applied: 'neutral',
  transient: 'failing',
  not_sent: 'failing',
  no_answer: 'failing',
}

/** One request of a conversation, sent at most twice: again only with a fresh token after the old one was called expired. */
export async function call(
  deps: CallDeps,
  caller: CallerOf,
  step: CallStep,
  sink: Sink,
): Promise<CallAnswer> {
  const { connectorId } = caller
  const token = await deps.tokens.get(connectorId)
  if (token.is !== 'token') return withoutToken(token)
  let sent = await send(deps, caller, step, token.accessToken, sink)
  if (sent.is === 'auth_expired') {
    const fresh = await deps.tokens.renew(connectorId, token.accessToken)
    if (fresh.is !== 'token') return withoutToken(fresh)
    sent = await send(deps, caller, step, fresh.accessToken, sink)
  }
  if (sent.is === 'auth_expired' || sent.is === 'auth_lost') {
    await deps.tokens.lose(connectorId, sent.detail)
    return { is: 'auth_lost', detail: sent.detail }
  }
  if (sent.is === 'throttled') return { is: 'later', waitMs: sent.retryAfterMs, waitsFor: 'rate_limit' }
  return sent
}

/** A provider that gives no token now says nothing against the grant: the conversation waits for it. */
const withoutToken = (token: Exclude<Token, { is: 'token' }>): CallAnswer =>
  token.is === 'auth_lost' ? token : { is: 'later', waitMs: token.retryAfterMs, waitsFor: 'recovery' }

async function send(
  deps: CallDeps,
  caller: CallerOf,
  step: CallStep,
  accessToken: string,
  sink: Sink,
): Promise<Sent> {
  const { connector, account, priority } = caller
  const { clock, limits } = deps
  // What lowers risk is tried whatever we know of the platform, and whatever was counted.
  const isLowering = priority === 'lowering'
  const entry = isLowering ? undefined : deps.breakers.enter(callingOf(caller), step.bucket)
  if (entry?.is === 'open') return { is: 'later', waitMs: entry.retryAfterMs, waitsFor: 'recovery' }
  const startedMs = clock.elapsedMs()
  let verdict: Verdict = 'neutral'
  try {
    const admission = await limits.take(account, step.bucket, priority)
    if (admission.is === 'limited') {
      deps.onLimited(caller, admission.retryAfterMs)
      return { is: 'later', waitMs: admission.retryAfterMs, waitsFor: 'rate_limit' }
    }
    const request = connector.authorize(step.request, accessToken)
    const sent =
      step.is === 'ask'
        ? await ask(deps, caller, request, step.bucket, sink.cancelled)
        : await download(deps, caller, step, { request, accessToken }, sink)
    // What we have broken off ourselves says nothing of the platform.
    if (!sink.cancelled.aborted) verdict = verdictOf[sent.is]
    if (sent.is === 'throttled') {
      limits.block(account, step.bucket, sent.retryAfterMs)
      deps.onLimited(caller, sent.retryAfterMs)
    }
    deps.onCall(caller, sent.is, clock.elapsedMs() - startedMs)
    return sent
  } finally {
    entry?.passage.report(verdict, clock.elapsedMs() - startedMs)
  }
}

type Answered = Answer | { readonly is: 'not_sent' | 'no_answer'; readonly detail: string }

async function ask(
  deps: CallDeps,
  caller: CallerOf,
  request: HttpRequest,
  bucket: string,
  cancelled: AbortSignal,
): Promise<Answered> {
  const exchange = await deps.http.send(request, deps.timeoutMs, cancelled)
  if (exchange.is !== 'answered') return exchange
  return read(deps, caller, await parsedInSlices(exchange.response), bucket)
}

function read(
  deps: CallDeps,
  { connector, account }: CallerOf,
  response: HttpResponse,
  bucket: string,
): Answer {
  const answer = connector.read(response, deps.clock.nowMs())
  // A refusal for too many calls says itself how long to stay away.
  const used = answer.is === 'throttled' ? undefined : connector.usedShare(response)
  if (used) deps.limits.observe(account, used.bucket || bucket, used.share)
  return answer
}

/** Rows that were handed on before a download broke off are handed on again when it is repeated: they have keys. */
async function download(
  deps: CallDeps,
  caller: CallerOf,
  step: Extract<ReadStep, { is: 'download' }>,
  first: First,
  sink: Sink,
): Promise<Answered> {
  const opening = await follow(deps, caller, step, first, sink.cancelled)
  if (opening.is !== 'opened') return opening
  const { status, headers, body } = opening
  if (status >= 300) {
    const response = { status, headers, body: await upTo(paced(deps.clock, body), MAX_ERROR_BYTES) }
    return read(deps, caller, response, step.bucket)
  }
  try {
    let rows: Row[] = []
    for await (const found of recordsOf(paced(deps.clock, body), step)) {
      const row = rowOf(step, found, sink.caveats)
      if (row) rows.push(row)
      if (rows.length < BATCH) continue
      await sink.onRows(rows)
      rows = []
    }
    if (rows.length > 0) await sink.onRows(rows)
    return { is: 'ok', body: undefined }
  } catch (error) {
    if (error instanceof StopDownload) throw error.cause
    if (error instanceof NotAsOrdered) return { is: 'refused', detail: error.message }
    return { is: 'no_answer', detail: `the download broke off: ${messageOf(error)}` }
  } finally {
    body.destroy()
  }
}

/** One record that cannot be read costs the others nothing. */
export function rowOf(
  { toRow }: Extract<ReadStep, { is: 'download' }>,
  found: Found,
  caveats: Caveats,
): Row | undefined {
  switch (found.is) {
    case 'record':
      try {
        return toRow(found.record, found.file)
      } catch (error) {
        caveats.leftOut(reasonOf(error))
        return undefined
      }
    case 'bad_line':
      caveats.leftOut(found.reason)
      return undefined
    case 'open_end':
      caveats.add('the file does not end with a line break: its last line may have been cut')
      return undefined
  }
}

interface First {
  readonly request: HttpRequest
  readonly accessToken: string
}

/** Opens a download, as far as the conversation lets it be sent on. Every address is authorized anew. */
async function follow(
  { http, timeoutMs }: CallDeps,
  { connector }: CallerOf,
  { redirect }: Extract<ReadStep, { is: 'download' }>,
  { request, accessToken }: First,
  cancelled: AbortSignal,
): Promise<Opening> {
  let here = request
  for (let hops = 0; ; hops++) {
    const opening = await http.open(here, timeoutMs, cancelled)
    if (opening.is !== 'opened' || !REDIRECTS.has(opening.status) || hops === MAX_HOPS) return opening
    const location = opening.headers['location'] ?? ''
    const next = URL.canParse(location, here.url) && redirect?.(new URL(location, here.url).href)
    if (!next) return opening
    // Leaving a body unread is an error to it, and nobody else listens any more.
    opening.body.on('error', () => {}).destroy()
    here = connector.authorize(next, accessToken)
  }
}

/** Wraps what our own side throws while a download runs, so that it is not taken for the platform's fault. */
export class StopDownload extends Error {}

/** A download that brings less than this in so long, while nothing of it waits for us, is broken off; and whatever takes so long in all. */
const SLOWEST_BYTES = 4 * 1024
const SLOWEST_MS = 60_000
const LONGEST_MS = 3_600_000
/** Of a download as it comes, packed or not; no report of a month is a tenth of it. */
const MAX_DOWNLOAD_BYTES = 4 * 1024 ** 3

function paced(clock: Clock, body: Readable): Readable {
  const startedMs = clock.elapsedMs()
  let bytes = 0
  let all = 0
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      all += chunk.length
      if (all > MAX_DOWNLOAD_BYTES) done(new Error('it is too long'))
      else done(null, chunk)
    },
  })
  const stop = every(clock, SLOWEST_MS, () => {
    const isTooSlow = bytes < SLOWEST_BYTES && counted.readableLength === 0
    const isTooLong = clock.elapsedMs() - startedMs > LONGEST_MS
    bytes = 0
    if (isTooSlow || isTooLong) body.destroy(new Error('it comes too slowly'))
  })
  body.on('error', (error) => counted.destroy(error))
  // Whoever reads it is told; once nobody does, it must not end the process.
  counted.on('error', () => {})
  counted.once('close', () => {
    stop()
    body.destroy()
  })
  return body.pipe(counted)
}

/** The beginning of a body, up to so many bytes; what came until it broke off. */
async function upTo(body: Readable, bytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of body) {
      chunks.push(chunk)
      size += chunk.length
      if (size >= bytes) break
    }
  } catch {
    // An answer that breaks off says by its status what it is.
  }
  return Buffer.concat(chunks).toString('utf8', 0, bytes)
}
