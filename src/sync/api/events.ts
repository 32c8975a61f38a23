import { type Authorize, type Ctx, header } from '../../api/index.ts'
import type { Clock } from '../../clock.ts'
import { eventsAfter, newestEvent } from '../events/index.ts'
import { StoreAway } from '../store/index.ts'
import type { Sync } from '../sync.ts'

/** Between two looks for new events. */
const LOOK_MS = 1_000
/** Looks without news after which a line is sent, before proxies cut the connection. */
const QUIET_LOOKS = 15

/** Answers that go on until somebody ends them. */
export class OpenStreams {
  readonly #wakes = new Set<() => void>()
  ended = false

  /** Resolves when it is time to look again, or to end; `onWait` is handed what ends the wait at once. */
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

/** What happens while the database is away is told when it is back. */
function nothingWhileAway(error: unknown): [] {
  if (error instanceof StoreAway) return []
  throw error
}

/** Events of the organisation as they come; `Last-Event-ID` goes on after an earlier one. */
export async function answerEvents(
  sync: Sync,
  authorize: Authorize,
  streams: OpenStreams,
  c: Ctx,
): Promise<Response> {
  const { org } = authorize(c.env.incoming, 'read')
  const since = Number(header(c, 'last-event-id') ?? Number.NaN)
  let last = Number.isSafeInteger(since) && since >= 0 ? since : await newestEvent(sync.store)
  let gone = false
  let wake = () => {}
  let quiet = 0
  const encoder = new TextEncoder()
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode(': events\n\n')),
    async pull(controller) {
      while (!gone && !streams.ended) {
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
        // Either may have come to be while the database was asked.
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
  // Without keep-alive the connection ends with the answer, and a server that stops need not wait for it.
  const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', connection: 'close' }
  return new Response(stream, { headers })
}
