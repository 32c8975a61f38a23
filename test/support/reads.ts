import { type ExamplePlatform, startExamplePlatform } from './example-platform.ts'
import { goOn, type Harness, isLookedAt, type Reply, startHarness, TURNS_WITHOUT_TIME } from './harness.ts'

export interface Reads extends Harness {
  readonly platform: ExamplePlatform
  /** Connects an account in the way a person without a browser would. Returns the connection. */
  connect(more?: Record<string, unknown>, account?: string): Promise<string>
  fetchReport(fields?: Record<string, unknown>): Promise<Reply>
  /** Lets time pass, a second or `stepMs` at a time, until the answer of `path` has the property. */
  until(path: string, holds: (body: Reply['body']) => boolean, stepMs?: number): Promise<Reply>
  /** The request once it has ended. */
  ended(requestId: string): Promise<Reply>
}

const CALLBACK = 'http://127.0.0.1:9/back'

/** The service with a connection to a made-up platform. */
export async function startReads(environment: Record<string, string> = {}): Promise<Reads> {
  const platform = await startExamplePlatform()
  const clients = { DV360: { clientId: 'example', clientSecret: 'example-secret' } }
  const harness = await startHarness({ OAUTH_CLIENTS: JSON.stringify(clients), ...environment }, [
    platform.connector,
  ])
  const { send, get, clock } = harness
  let last = ''

  const until: Reads['until'] = async (path, holds, stepMs = 1_000) => {
    for (let turn = 0; turn < 2_000; turn++) {
      if (isLookedAt(turn)) {
        const reply = await get(path)
        if (holds(reply.body)) return reply
      }
      await goOn()
      clock.advance(turn < TURNS_WITHOUT_TIME ? 0 : stepMs)
    }
    throw new Error('it never came to be')
  }
  return {
    ...harness,
    platform,
    async connect(more = {}, account) {
      const begun = await send('POST', '/api/v1/connectors/oauth/initiate', {
        connector_type: 'DV360',
        callback_url: CALLBACK,
        ...more,
      })
      const back = await platform.authorize(begun.body.authorization_url)
      const { code, state } = Object.fromEntries(back.searchParams)
      const done = await send('POST', '/api/v1/connectors/oauth/callback', {
        code,
        state,
        ...(account !== undefined && { account_id: account }),
      })
      if (done.status !== 200) throw new Error(JSON.stringify(done.body))
      last = done.body.connector_id
      return last
    },
    fetchReport: (fields = {}) =>
      send('POST', '/api/v1/connectors/fetch', {
        connector_id: last,
        report_type: 'performance',
        date_range: { start: '2026-11-01', end: '2026-11-07' },
        fields: ['clicks'],
        ...fields,
      }),
    until,
    ended: (requestId) =>
      until(
        `/api/v1/connectors/requests/${requestId}`,
        // The status of a refusal is a number, and says nothing of the request.
        ({ status }) => typeof status === 'string' && status !== 'queued' && status !== 'running',
      ),
  }
}
