import { Places } from '../../../api/index.ts'
import { messageOf } from '../../../errors.ts'
import type { Logger } from '../../../log.ts'
import { type Cancel, type Clock, every } from '../../../time/clock.ts'
import { turn } from '../../../time/slices.ts'
import type { Org } from '../../organisations.ts'
import type { Feed } from './feed.ts'
import { frame, framesFor } from './frames.ts'
import type { StateWatch } from './state-watch.ts'

/** How often events are sent, in milliseconds. */
const TICK_MS = 250
/** The most bids and notices that a stream gets each time; further ones are only counted. */
const MANY_PER_TICK = 25
/** The most bids and notices that a reader gets for the time it was disconnected. */
const MANY_MISSED = 250
/** How long events are kept after the last reader has disconnected, so that it can come back; in milliseconds. */
const KEPT_FOR_MS = 60_000
/**
 * How often a comment is sent to keep connections open through proxies, and keys are checked again, in milliseconds.
 */
const HEARTBEAT_MS = 15_000
/**
 * A reader with this many unread bytes is disconnected; one that has missed more than this must read everything anew.
 */
const MAX_UNREAD_BYTES = 256 * 1024
/** How many streams are written to in one turn of the event loop; each takes about ten microseconds. */
const WRITTEN_PER_TURN = 32
/** The delay after which a browser reconnects, in milliseconds. */
const RETRY_MS = 2_000

export interface StreamAsked {
  /** Number of the organisation whose share of streams it counts in. */
  readonly who: number
  readonly org: Org
  /** Id of the last event that the reader has received; undefined for a new reader. */
  readonly lastId: string | undefined
  /** Whether the reader is still allowed to read. */
  readonly isAllowed: () => boolean
  /** Closes the connection at once, whatever is still unsent. */
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
  /** The most streams at once; one organisation may have half of them. */
  readonly most: number
}

/** The open streams. While there are none, no state is compared and no event kept. */
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
  /** Whether events are being sent. The next sending waits for that, so that events stay in order. */
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

  /** Opens a stream; `leave` frees its place, however the stream has ended. Throws 429 if there is no place. */
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

  /** Checks with the next sending whether all readers are still allowed to read. */
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

  /** The first events of a stream: that it is open, and what its reader has missed, or that this is no longer known. */
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

  /** Ends the streams of readers that are no longer allowed to read, and sends a comment to the others. */
  async #beat(nowMs: number): Promise<void> {
    this.#heartbeatMs = nowMs
    const heartbeat = this.#encoder.encode(': still here\n\n')
    await this.#toEach([...this.#open], (one) => {
      if (one.isAllowed()) this.#write(one, heartbeat)
      else this.#close(one)
    })
  }

  /** Sends the events since the last time. The text is written once for all readers who see the same. */
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

  /** Runs `act` for each open stream, some per turn of the event loop. */
  async #toEach(streams: readonly OpenStream[], act: (one: OpenStream) => void): Promise<void> {
    for (const [at, one] of streams.entries()) {
      if (at > 0 && at % WRITTEN_PER_TURN === 0) await turn()
      // The stream may have ended meanwhile.
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
