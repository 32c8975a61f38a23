import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { components } from './openapi.ts'
import { ProblemError } from './problem.ts'
import { waitFor } from './repeat.ts'

/** Something that has happened, by the name of its `event`. */
export type StreamEvent = components['schemas']['StreamEvent']

/** Whether events come. */
export type StreamState =
  | { readonly is: 'open' }
  | {
      readonly is: 'away'
      /** Why: what `fetch` has thrown, or what was answered instead of events. */
      readonly error: unknown
      /** Milliseconds until the service is asked again. */
      readonly retryInMs: number
    }

export interface StreamOptions {
  /** Ends the stream: the iteration is over then, and nothing is thrown. */
  readonly signal: AbortSignal
  /** Goes on after the event with this id, as far as the service still has what came since. */
  readonly lastEventId?: string | undefined
  /** Told when events begin to come, and whenever they do not. */
  readonly onState?: (state: StreamState) => void
  /** Longest wait between two attempts, in milliseconds; 30 s where it is left out. */
  readonly longestWaitMs?: number
  /** A connection that was silent for so long counts as broken, in milliseconds; the service says something every 15 s. */
  readonly longestSilenceMs?: number
}

/** Asks for the events after one, and resolves to the bytes that follow. Throws where there are none. */
export type Connect = (
  lastEventId: string | undefined,
  signal: AbortSignal,
) => Promise<ReadableStream<Uint8Array>>

/** Until the service says otherwise, it is asked again after so many milliseconds. */
const USUAL_RETRY_MS = 2_000
const LONGEST_WAIT_MS = 30_000
/** Longest time that a timer takes, in milliseconds; with more it is over at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1
const LONGEST_SILENCE_MS = 45_000
/** Longest event that is read, in characters: many times what the service sends. */
const LONGEST_EVENT = 4 * 1024 * 1024

/** What is known of a stream from one connection to the next. */
interface Position {
  lastId: string | undefined
  retryMs: number
  /** Whether the connection has brought an event. */
  isOpen: boolean
  /** Connections that have ended since the last one that brought an event, with it. */
  failures: number
}

/**
 * Events as they happen, over as many connections as it takes: one that breaks is taken up again after its last event, at
 * first quickly, then ever more slowly. Throws a {@link ProblemError} where asking again is of no use: the caller is not
 * let in, or the service has no stream.
 */
export async function* readStream(
  connect: Connect,
  options: StreamOptions,
): AsyncGenerator<StreamEvent, void> {
  const { signal, onState, longestWaitMs = LONGEST_WAIT_MS } = options
  const at: Position = { lastId: options.lastEventId, retryMs: USUAL_RETRY_MS, isOpen: false, failures: 0 }
  while (!signal.aborted) {
    let error: unknown = new Error('The service has ended the stream')
    try {
      yield* readConnection(connect, options, at)
    } catch (thrown) {
      if (isFinal(thrown)) throw thrown
      error = thrown
    }
    if (signal.aborted) return
    at.failures = at.isOpen ? 1 : at.failures + 1
    at.isOpen = false
    const retryInMs = waitBefore(at, error, longestWaitMs)
    onState?.({ is: 'away', error, retryInMs })
    await waitFor(retryInMs, signal).catch(() => undefined)
  }
}

/** Milliseconds before the next attempt, with chance in them: all who were cut off at once do not come back at once. */
function waitBefore({ retryMs, failures }: Position, error: unknown, longestWaitMs: number): number {
  const fullMs = Math.min(longestWaitMs, retryMs * 2 ** (failures - 1))
  const askedMs = error instanceof ProblemError ? (error.retryAfterMs ?? 0) : 0
  return Math.min(LONGEST_TIMER_MS, Math.max(askedMs, fullMs * (0.5 + Math.random() / 2)))
}

/** Whether the service has answered, and would answer the same again. */
const isFinal = (thrown: unknown): boolean =>
  thrown instanceof ProblemError && thrown.status < 500 && thrown.status !== 429 && thrown.status !== 408

/** The events of one connection. Returns where the service ends it, and throws where it breaks or is silent too long. */
async function* readConnection(
  connect: Connect,
  { signal, onState, longestSilenceMs = LONGEST_SILENCE_MS }: StreamOptions,
  at: Position,
): AsyncGenerator<StreamEvent, void> {
  const silence = new AbortController()
  const silent = () => silence.abort(new Error('The stream has gone silent'))
  let timer = setTimeout(silent, longestSilenceMs)
  const read: EventSourceMessage[] = []
  const parser = parserInto(read, at)
  const text = new TextDecoder()
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  try {
    reader = (await connect(at.lastId, AbortSignal.any([signal, silence.signal]))).getReader()
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      clearTimeout(timer)
      timer = setTimeout(silent, longestSilenceMs)
      parser.feed(text.decode(part.value, { stream: true }))
      for (const message of read.splice(0)) {
        const event = eventOf(message, at)
        if (event === undefined) continue
        if (!at.isOpen) onState?.({ is: 'open' })
        at.isOpen = true
        yield event
      }
    }
  } finally {
    clearTimeout(timer)
    // Of a connection that is broken there is nothing left to cancel.
    await reader?.cancel().catch(() => undefined)
  }
}

function parserInto(read: EventSourceMessage[], at: Position) {
  return createParser({
    maxBufferSize: LONGEST_EVENT,
    onEvent: (message) => read.push(message),
    onRetry: (retryMs) => {
      at.retryMs = retryMs
    },
    onError: (error) => {
      // A field or a value that a later version of the service sends is none of ours.
      if (error.type === 'max-buffer-size-exceeded') throw error
    },
  })
}

/** The event of a message; undefined for one without a name. What is not JSON is no event of the service: it throws. */
function eventOf({ event, id, data }: EventSourceMessage, at: Position): StreamEvent | undefined {
  at.lastId = id ?? at.lastId
  if (event === undefined) return undefined
  // Its shape is the word of the service, as that of every answer.
  return { id: at.lastId ?? '', event, data: JSON.parse(data) } as StreamEvent
}
