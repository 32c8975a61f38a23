import type { HttpRequest } from '../../http/http.ts'
import type { Answer } from './answer.ts'
import type { Json, Row } from './rows.ts'

/** Bucket of changes and of the questions before them, so that reading never prevents a campaign from being paused. */
export const WRITES = 'writes'

/** Bucket of limits that count every call of an account. */
export const EVERY_CALL = 'every call'

/** How a downloaded report becomes records: text by column for CSV, parsed values for JSON. */
export type Encoding = 'csv' | 'json_lines' | 'json_array'

/** How a download is packed, and the form that a CSV file must have. */
export interface Packing {
  readonly encoding: Encoding
  /** `if_packed`: the content of the file says whether it is zipped. */
  readonly gzip: boolean | 'if_packed'
  /** The answer is an archive of such files. */
  readonly archive?: 'zip'
  /** An empty line ends the report; what follows is notes, except records directly after it. */
  readonly endsAt?: 'blank_line'
  /** Lines of a CSV report that match are notes; every other line needs a cell for each column. */
  readonly isNote?: RegExp
  /** Describes what is wrong with a CSV file with these columns; undefined when it is the ordered one. */
  readonly problemOf?: (columns: readonly string[]) => string | undefined
}

/**
 * One step that a conversation asks of its runner.
 * - `ask`: one HTTP request; the reply is the classed answer. `bucket` names the limit it counts against. With
 *   `writes`, a missing answer is an unknown outcome. With `mayRefuse`, a refusal is a reply as well. With `mayForbid`,
 *   a missing permission is a reply: the object is one of several, and the others are enough. With `once`, the request
 *   is not repeated: if there is no certain answer, the reply is undefined and the conversation finds out what
 *   happened.
 * - `download`: one HTTP request whose answer is a file. Its records become rows one by one and are never all in
 *   memory.
 * - `stream`: one HTTP request whose JSON answer has a long list. Its items become rows in the same way; the reply is
 *   the rest of the answer. If a download or stream brings more than one answer may contain, the reply is `too_much`:
 *   fewer dates may help.
 * - `rows`: rows of the result.
 * - `remember`: a value stored durably before the conversation continues; a restarted conversation gets the last one.
 * - `wait`: continue in `ms` milliseconds at the earliest; meanwhile another job may use the account. With
 *   `afterFailure`, the wait is for a repetition of something that failed.
 * - `progress`: 0 to 1, shown to the callers.
 */
export type Step =
  | {
      readonly is: 'ask'
      readonly request: HttpRequest
      readonly bucket: string
      readonly writes?: boolean
      readonly mayRefuse?: boolean
      readonly mayForbid?: boolean
      readonly once?: boolean
    }
  | (Packing & {
      readonly is: 'download'
      readonly request: HttpRequest
      readonly bucket: string
      /**
       * Fields that are added up over records with the same key, because the file is finer than the report. Without
       * them, the last of such records counts.
       */
      readonly sums?: readonly string[]
      /**
       * Turns a record into a row. Undefined leaves the record out (a line of totals); an exception leaves it out with
       * a caveat. `file` is the file of an archive that has the record.
       */
      readonly toRow: (record: Readonly<Record<string, unknown>>, file: string) => Row | undefined
    })
  | {
      readonly is: 'stream'
      readonly request: HttpRequest
      readonly bucket: string
      readonly mayRefuse?: boolean
      readonly mayForbid?: boolean
      /** Place of the list: `rows`, or `*.results` for a list in each item of a list. */
      readonly list: string
      /** Other parts of the answer that are wanted, such as `metadata` or `*.error`. */
      readonly around: readonly string[]
      /**
       * Returns a function that turns items into rows, as `toRow` does; a new one for each try, so that its counts
       * start again. `around` is the part of the answer before the item.
       */
      readonly reader: () => (item: unknown, around: unknown) => Row | undefined
    }
  | { readonly is: 'rows'; readonly rows: readonly Row[] }
  | { readonly is: 'remember'; readonly state: Json }
  | { readonly is: 'wait'; readonly ms: number; readonly afterFailure?: true }
  | { readonly is: 'progress'; readonly share: number }

/**
 * Reply to a step. Undefined for steps that send nothing, for a successful download, and for an `ask` with `once` that
 * got no answer.
 */
export type Reply =
  | Extract<Answer, { is: 'ok' | 'refused' }>
  | { readonly is: 'too_much'; readonly detail: string }
  | undefined

/**
 * A pure conversation. The runner handles answers such as throttled, expired access and passing failures; they never
 * reach the conversation.
 */
export type Talk<T> = Generator<Step, T, Reply>

/** One request whose answer is needed at once and as a whole; all that a bid and a change of a campaign are made of. */
export type AskStep = Omit<Extract<Step, { is: 'ask' }>, 'once'>
/** A conversation of such requests; also a part of any other conversation. */
export type AskTalk<T> = Generator<AskStep, T, Reply>

/** Thrown by a conversation that cannot do what was asked. The message tells a person why, and what would help. */
export class TalkRefused extends Error {
  override readonly name = 'TalkRefused'
}

/** Thrown by a conversation that cannot do what was asked now, but may do it later. */
export class TalkFailed extends Error {
  override readonly name = 'TalkFailed'
}

/** Thrown by {@link Connector.accounts} when the platform lists nothing at all: the grant is useless. */
export class NothingReached extends TalkRefused {}

/** Sends one request and returns the body of its `ok` answer. */
export function* ask(request: HttpRequest, bucket: string): AskTalk<unknown> {
  const reply = yield { is: 'ask', request, bucket }
  return bodyOf(reply)
}

/** Body of an answer. Throws for one that was too large. */
export function bodyOf(reply: Reply): unknown {
  if (reply?.is === 'too_much') throw new TalkRefused(reply.detail)
  return reply?.is === 'ok' ? reply.body : undefined
}

/**
 * Runs a conversation about one of several objects. Returns undefined where the grant has no permission for it;
 * `onDenied` then gets the platform's message, and the grant itself is not checked.
 */
export function* whereAllowed<T>(talk: Talk<T>, onDenied: (detail: string) => void): Talk<T | undefined> {
  let turn = talk.next()
  while (!turn.done) {
    const step = turn.value
    const asks = step.is === 'ask' || step.is === 'stream'
    const reply = yield asks ? { ...step, mayForbid: true } : step
    if (reply?.is === 'refused' && asks && !step.mayRefuse) {
      onDenied(reply.detail)
      return undefined
    }
    turn = talk.next(reply)
  }
  return turn.value
}

/** Reads a long list in an answer item by item and returns the rest of the answer. */
export function* stream(step: Omit<Extract<Step, { is: 'stream' }>, 'is'>): Generator<Step, unknown, Reply> {
  return bodyOf(yield { is: 'stream', ...step })
}
