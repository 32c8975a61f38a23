import { type Receiver, startReceiver } from './conversion-receiver.ts'
import { goOn, type Harness, isLookedAt, type Reply, startHarness, TURNS_WITHOUT_TIME } from './harness.ts'

export interface Conversions extends Harness {
  readonly meta: Receiver
  /** Posts events; what is left out of each has a harmless default. */
  post(events: readonly Record<string, unknown>[]): Promise<Reply>
  /** Lets time pass until the answer of `path` has the property. */
  until(path: string, holds: (body: Reply['body']) => boolean, stepMs?: number): Promise<Reply>
  /** The state of each delivery of an event, by platform. */
  statesOf(id: string): Promise<Record<string, string>>
  /** Reads `/metrics`. Returns the value of a series as it is written there; undefined where there is none. */
  metrics(): Promise<(series: string) => number | undefined>
  /** Waits until every delivery of an event has ended, and returns the first. */
  ended(id: string, stepMs?: number): Promise<Reply['body']>
}

const LONG_STEP_MS = 20_000

/** An event that Meta takes. */
export const event = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  event_id: 'ord-1',
  event_name: 'purchase',
  event_time: '2026-11-20T11:00:00Z',
  action_source: 'website',
  event_source_url: 'https://shop.example/thanks',
  platforms: ['meta'],
  user_data: { email: 'ann@x.example', client_user_agent: 'Mozilla/5.0' },
  custom_data: { value: 49.9, currency: 'USD' },
  ...more,
})

/** The service with a connection to a made-up Meta. */
export async function startConversions(environment: Record<string, string> = {}): Promise<Conversions> {
  const meta = await startReceiver()
  const many = 1_000_000
  const harness = await startHarness({
    CONVERSION_APIS: JSON.stringify({ meta: { graph: { baseUrl: meta.url } } }),
    CONVERSION_EVENTS_PER_MINUTE: JSON.stringify({ meta: many, google: many, tiktok: many, snapchat: many }),
    ...environment,
  })
  const { send, get, clock } = harness

  const until: Conversions['until'] = async (path, holds, stepMs = 1_000) => {
    for (let turn = 0; turn < 2_000; turn++) {
      if (isLookedAt(turn)) {
        const reply = await get(path)
        if (holds(reply.body)) return reply
      }
      await goOn()
      // A long step is made at once: thousands of looks for what is due find nothing more.
      if (turn < TURNS_WITHOUT_TIME) clock.advance(0)
      else if (stepMs > LONG_STEP_MS) clock.stall(stepMs)
      else clock.advance(stepMs)
    }
    throw new Error(`it never came to be: ${JSON.stringify((await get(path)).body).slice(0, 2_000)}`)
  }
  const deliveriesOf = ({ events = [] }: Reply['body']) =>
    events.flatMap(({ deliveries }: { deliveries: unknown[] }) => deliveries)
  const isOver = ({ state }: { state: string }) => state === 'acknowledged' || state === 'dead'
  return {
    ...harness,
    meta,
    post: (events) => send('POST', '/api/v1/conversions/events', { events: events.map(event) }),
    until,
    async statesOf(id) {
      const { body } = await get(`/api/v1/conversions/events/${id}`)
      return Object.fromEntries(
        deliveriesOf(body).map(({ platform, state }: { platform: string; state: string }) => [
          platform,
          state,
        ]),
      )
    },
    async metrics() {
      const { body } = await get('/metrics')
      const lines = String(body).split('\n')
      return (series) => {
        const line = lines.find((one) => one.startsWith(`${series} `))
        return line === undefined ? undefined : Number(line.slice(series.length))
      }
    },
    async ended(id, stepMs) {
      const path = `/api/v1/conversions/events/${id}`
      const { body } = await until(path, (shown) => deliveriesOf(shown).every(isOver), stepMs)
      return deliveriesOf(body)[0]
    },
  }
}
