import { Places } from '../../../api/index.ts'
import { type Cancel, type Clock, every } from '../../../time/clock.ts'
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
/** A reader that has so much before it is cut. */
const MAX_UNREAD_BYTES = 256 * 1024
/** Milliseconds after which a browser comes back. */
const RETRY_MS = 2_000

export interface StreamAsked {
  /** Whose place it takes. */
  readonly who: string
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

/** The open streams. As long as there is none, nothing is looked at and nothing kept. */
export class Streams {
  readonly #clock: Clock
  readonly #feed: Feed
  readonly #watch: StateWatch
  readonly #places: Places<string>
  readonly #open = new Set<OpenStream>()
  readonly #encoder = new TextEncoder()
  #stopTicking: Cancel | undefined
  /** Number of the last entry that was sent. */
  #sent = 0
  #lastReaderMs = 0
  #heartbeatMs = 0
  #isEnded = false

  /** @param most most streams at once; one key may have half of them */
  constructor(clock: Clock, feed: Feed, watch: StateWatch, most: number) {
    this.#clock = clock
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
    if (!missed) return retry + frame('reset', {}, now)
    return retry + frame('open', { resumed: true }) + framesFor(this.#feed, org, missed, MANY_MISSED)
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
    this.#deliver()
    if (nowMs - this.#heartbeatMs < HEARTBEAT_MS) return
    this.#heartbeatMs = nowMs
    const heartbeat = this.#encoder.encode(': still here\n\n')
    for (const one of this.#open) {
      if (one.isAllowed()) this.#write(one, heartbeat)
      else this.#close(one)
    }
  }

  /** Sends what has happened since the last time; it is written once for all who may read the same. */
  #deliver(): void {
    const { last } = this.#feed
    const fresh = this.#feed.between(this.#sent, last)
    this.#sent = last
    if (fresh?.length === 0) return
    for (const [org, streams] of Map.groupBy(this.#open, (one) => one.org)) {
      const text = fresh
        ? framesFor(this.#feed, org, fresh, MANY_PER_TICK)
        : frame('reset', {}, this.#feed.idOf(last))
      if (text === '') continue
      const bytes = this.#encoder.encode(text)
      for (const one of streams) this.#write(one, bytes)
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
