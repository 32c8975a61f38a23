import { Places } from '../../../api/index.ts'
import { messageOf } from '../../../errors.ts'
import type { Logger } from '../../../log.ts'
import { type Cancel, type Clock, every } from '../../../time/clock.ts'
import { turn } from '../../../time/slices.ts'
import type { Org } from '../../organisations.ts'
import type { Feed } from './feed.ts'
import { frame, framesFor } from './frames.ts'
import type { StateWatch } from './state-watch.ts'

/** What has happened is sent so often, in milliseconds. */
const TICK_MS = 250
/** Most bids and notices that a stream gets each time; the others are counted. */
const MANY_PER_TICK = 25
/** Most bids and notices that a reader gets of the time while it was away. */
const MANY_MISSED = 250
/** News are kept so long after the last reader has gone, in milliseconds, so that it can come back. */
const KEPT_FOR_MS = 60_000
/** After so long a comment is sent, so that proxies keep the connection, and keys are looked at again; in milliseconds. */
const HEARTBEAT_MS = 15_000
/** A reader that has so much before it is cut, and one that has missed more is told to read again. */
const MAX_UNREAD_BYTES = 256 * 1024
/** Streams that are written to in a turn of the event loop: each costs some ten microseconds there. */
const WRITTEN_PER_TURN = 32
/** Milliseconds after which a browser comes back. */
const RETRY_MS = 2_000

export interface StreamAsked {
  /** Number of the organisation whose place it takes. */
  readonly who: number
  readonly org: Org
  /** Id of the last event that the reader has seen; undefined for a new one. */
  readonly lastId: string | undefined
  /** Whether the reader may still read. */
  readonly isAllowed: () => boolean
  /** Cuts the connection, whatever waits in it. */
  readonly cut: () => void
}

interface OpenStream extends Pick<StreamAsked, 'org' | 'isAllowed' | 'cut'> {
  readonly controller: ReadableStreamDefaultController<Uint8Array>
  readonly leave: () => void
}

interface StreamsOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly feed: Feed
  readonly watch: StateWatch
  /** Most streams at once; one organisation may have half of them. */
  readonly most: number
}

/** The open streams. As long as there is none, nothing is looked at and nothing kept. */
export class Streams {
  readonly #clock: Clock
  readonly #log: Logger
  readonly #feed: Feed
  readonly #watch: StateWatch
  readonly #places: Places<number>
  readonly #open = new Set<OpenStream>()
  readonly #encoder = new TextEncoder()
  #stopTicking: Cancel | undefined
  /** Number of the last entry that was sent. */
  #sent = 0
  #lastReaderMs = 0
  #heartbeatMs = 0
  #isEnded = false
  /** Whether what has happened is being sent; the next look waits for it, so that everything comes in its order. */
  #isSending = false

  constructor({ clock, log, feed, watch, most }: StreamsOptions) {
    this.#clock = clock
    this.#log = log
    this.#feed = feed
    this.#watch = watch
    this.#places = new Places(most)
  }

  get size(): number {
    return this.#places.size
  }

  /** Opens a stream; `leave` frees its place, however it has ended. Throws 429 when there is none. */
  open({ who, lastId, ...asked }: StreamAsked): { body: ReadableStream<Uint8Array>; leave: () => void } {
    const free = this.#places.enter(who)
    this.#begin()
    let leave = free
    const start = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
      controller.enqueue(this.#encoder.encode(this.#greeting(asked.org, lastId)))
      const stream = { ...asked, controller, leave: () => leave() }
      leave = () => {
        free()
        this.#open.delete(stream)
      }
      if (this.#isEnded) controller.close()
      else this.#open.add(stream)
    }
    const strategy = new ByteLengthQueuingStrategy({ highWaterMark: MAX_UNREAD_BYTES })
    const body = new ReadableStream<Uint8Array>({ start, cancel: () => leave() }, strategy)
    return { body, leave: () => leave() }
  }

  /** Looks with the next news whether all who read still may. */
  lookAtKeys(): void {
    this.#heartbeatMs = Number.NEGATIVE_INFINITY
  }

  /** Ends all streams, so that the server can close. */
  end(): void {
    this.#isEnded = true
    this.#stopTicking?.()
    for (const one of this.#open) this.#close(one)
  }

  #begin(): void {
    if (this.#stopTicking || this.#isEnded) return
    this.#feed.start()
    this.#watch.reset()
    this.#sent = 0
    this.#heartbeatMs = this.#clock.elapsedMs()
    this.#stopTicking = every(this.#clock, TICK_MS, () => this.#tick())
  }

  /** What a stream begins with: that it is open, what its reader has missed, or that nobody knows that any more. */
  #greeting(org: Org, lastId: string | undefined): string {
    const now = this.#feed.idOf(this.#sent)
    const retry = `retry: ${RETRY_MS}\n`
    if (lastId === undefined) return retry + frame('open', { resumed: false }, now)
    const last = this.#feed.numberOf(lastId)
    const missed = last === undefined ? undefined : this.#feed.between(last, this.#sent)
    const frames =
      missed && framesFor(this.#feed, org, missed, { ofMany: MANY_MISSED, chars: MAX_UNREAD_BYTES })
    if (frames === undefined) return retry + frame('reset', {}, now)
    return retry + frame('open', { resumed: true }) + frames
  }

  #tick(): void {
    const nowMs = this.#clock.elapsedMs()
    if (this.#open.size > 0) this.#lastReaderMs = nowMs
    else if (nowMs - this.#lastReaderMs >= KEPT_FOR_MS) {
      this.#stopTicking?.()
      this.#stopTicking = undefined
      this.#feed.stop()
      return
    }
    this.#watch.look()
    if (this.#isSending) return
    this.#isSending = true
    this.#send(nowMs)
      .catch((error) => this.#log.error({ err: error }, messageOf(error)))
      .finally(() => {
        this.#isSending = false
      })
  }

  async #send(nowMs: number): Promise<void> {
    if (nowMs - this.#heartbeatMs >= HEARTBEAT_MS) await this.#beat(nowMs)
    await this.#deliver()
  }

  /** Ends the streams of those who may not read any more, and says to the others that it is there. */
  async #beat(nowMs: number): Promise<void> {
    this.#heartbeatMs = nowMs
    const heartbeat = this.#encoder.encode(': still here\n\n')
    await this.#toEach([...this.#open], (one) => {
      if (one.isAllowed()) this.#write(one, heartbeat)
      else this.#close(one)
    })
  }

  /** Sends what has happened since the last time; it is written once for all who may read the same. */
  async #deliver(): Promise<void> {
    const { last } = this.#feed
    const fresh = this.#feed.between(this.#sent, last)
    this.#sent = last
    if (fresh?.length === 0) return
    for (const [org, streams] of Map.groupBy(this.#open, (one) => one.org)) {
      const text =
        fresh && framesFor(this.#feed, org, fresh, { ofMany: MANY_PER_TICK, chars: MAX_UNREAD_BYTES })
      if (text === '') continue
      const bytes = this.#encoder.encode(text ?? frame('reset', {}, this.#feed.idOf(last)))
      await this.#toEach(streams, (one) => this.#write(one, bytes))
    }
  }

  /** Does something with each stream that is still open, some at a time: what is written to a stream leaves in the same turn. */
  async #toEach(streams: readonly OpenStream[], act: (one: OpenStream) => void): Promise<void> {
    for (const [at, one] of streams.entries()) {
      if (at > 0 && at % WRITTEN_PER_TURN === 0) await turn()
      // Others may have ended it meanwhile.
      if (this.#open.has(one)) act(one)
    }
  }

  #write(one: OpenStream, bytes: Uint8Array): void {
    if ((one.controller.desiredSize ?? 0) >= bytes.byteLength) one.controller.enqueue(bytes)
    else {
      one.leave()
      one.cut()
    }
  }

  #close(one: OpenStream): void {
    one.leave()
    one.controller.close()
  }
}
