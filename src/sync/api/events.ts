import { type Authorize, type Ctx, header, mayGoOn, Places } from '../../api/index.ts'
import type { Clock } from '../../time/clock.ts'
import { eventsAfter, newestEvent } from '../events/index.ts'
import { StoreAway } from '../store/index.ts'
import type { Sync } from '../sync.ts'

/** Time between two looks for new events, in milliseconds. */
const LOOK_MS = 1_000
/** Looks without news after which a comment line is sent, so that proxies keep the connection. */
const QUIET_LOOKS = 15

/** The open streams of events, each of which lasts until one side ends it. */
export class OpenStreams {
  /** By organisation. */
  readonly #places: Places<number>
  readonly #wakes = new Set<() => void>()
  ended = false

  /** @param most most streams at once; one organisation may have half of them */
  constructor(most: number) {
    this.#places = new Places(most)
  }

  get size(): number {
    return this.#places.size
  }

  /** Takes a place and returns the function that frees it. Throws 429 when there is none. */
  enter(org: number): () => void {
    return this.#places.enter(org)
  }

  /**
   * Resolves when it is time for the next look, or when the streams end. `onWait` gets a function that ends the wait at
   * once.
   */
  wait(clock: Clock, onWait: (wake: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(LOOK_MS, () => wake())
      const wake = () => {
        cancel()
        this.#wakes.delete(wake)
        resolve()
      }
      this.#wakes.add(wake)
      onWait(wake)
    })
  }

  end(): void {
    this.ended = true
    for (const wake of this.#wakes) wake()
  }
}

/** Treats an unavailable database as no news. The events come once it is available again. */
function nothingWhileAway(error: unknown): [] {
  if (error instanceof StoreAway) return []
  throw error
}

/** Streams the organisation's events as they happen; with `Last-Event-ID`, those after that event. */
export async function answerEvents(
  sync: Sync,
  authorize: Authorize,
  streams: OpenStreams,
  c: Ctx,
): Promise<Response> {
  const caller = authorize(c.env.incoming, 'read')
  const { org } = caller
  caller.charge(1)
  // Frees the place, however the answer ends.
  c.env.outgoing.once('close', streams.enter(org))
  const since = Number(header(c, 'last-event-id') ?? Number.NaN)
  let last = Number.isSafeInteger(since) && since >= 0 ? since : await newestEvent(sync.store)
  let gone = false
  let wake = () => {}
  let quiet = 0
  const encoder = new TextEncoder()
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode(': events\n\n')),
    async pull(controller) {
      while (!gone && !streams.ended && mayGoOn(authorize, c.env.incoming, 'read')) {
        const events = await eventsAfter(sync.store, org, last).catch(nothingWhileAway)
        quiet = events.length > 0 ? 0 : quiet + 1
        last = events.at(-1)?.sequence ?? last
        const news = events.map(
          (event) => `id: ${event.sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`,
        )
        if (quiet >= QUIET_LOOKS) {
          news.push(': still here\n\n')
          quiet = 0
        }
        if (news.length > 0) {
          controller.enqueue(encoder.encode(news.join('')))
          return
        }
        // Both may have changed during the query.
        if (gone || streams.ended) break
        await streams.wait(sync.clock, (one) => {
          wake = one
        })
      }
      if (!gone) controller.close()
    },
    cancel() {
      gone = true
      wake()
    },
  })
  // Without keep-alive, a stopping server does not wait for this connection.
  const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', connection: 'close' }
  return new Response(stream, { headers })
}
