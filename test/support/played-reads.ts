import { converseNow } from '../../src/connectors/index.ts'
import type { AccountRef, Connector } from '../../src/connectors/platform/connector.ts'
import type { Talk } from '../../src/connectors/platform/steps.ts'
import { accountRefOf } from '../../src/sync/work/index.ts'
import { goOn, type Harness, isLookedAt, type Reply, startHarness, TURNS_WITHOUT_TIME } from './harness.ts'

export interface PlayedReads extends Harness {
  /** Connects an account of a platform the sandbox plays, as a person without a browser would. Returns the answer. */
  connect(type: string, more?: { account_id?: string; settings?: object }): Promise<Reply>
  /** Synchronises everything a connection reads and waits until that has ended. Returns the job. */
  synchronised(connectorId: string): Promise<Reply['body']>
  /** Asks for a report and waits until the request has ended. */
  /** Reads a report anew. */
  fetched(connectorId: string, report: object): Promise<Reply>
  /** Waits until a request has ended, or `holds`. */
  ended(requestId: string, holds?: () => boolean): Promise<Reply>
  /** The newest synchronisation of a connection once it has ended. */
  settled(connectorId: string): Promise<Reply['body']>
  /** Has a conversation with the platform of a connection, through the runner. */
  talk<T>(
    connectorId: string,
    begin: (connector: Connector, account: AccountRef) => Talk<T>,
  ): Promise<Awaited<ReturnType<typeof converseNow<T>>>>
  /** How many requests the sandbox has seen whose path has this part. */
  asked(part: string, method?: string): number
  /** What the request brought, as JSON. */
  rowsOf(requestId: string): Promise<Record<string, unknown>[]>
}

const CALLBACK = 'http://127.0.0.1:9/back'

/** The service with the connectors it really has, against the sandbox, over HTTP. */
export async function startPlayedReads(environment: Record<string, string> = {}): Promise<PlayedReads> {
  // Fake time runs fast, and a busy machine slowly: no call may run out of time only because of that.
  const harness = await startHarness({
    CONNECTOR_TIMEOUT_SECONDS: '3600',
    CONNECTOR_DOWNLOAD_SECONDS: '3600',
    ...environment,
  })
  const { send, get, clock } = harness

  async function connect(type: string, more: { account_id?: string; settings?: object } = {}) {
    const { account_id, settings = {} } = more
    const asked = { connector_type: type, callback_url: CALLBACK, settings }
    const begun = await send('POST', '/api/v1/connectors/oauth/initiate', asked)
    if (begun.status !== 200) return begun
    const page = await fetch(begun.body.authorization_url, { redirect: 'manual' })
    const { code, state } = Object.fromEntries(new URL(page.headers.get('location') ?? '').searchParams)
    return send('POST', '/api/v1/connectors/oauth/callback', {
      code,
      state,
      ...(account_id && { account_id }),
    })
  }

  async function fetched(connectorId: string, report: object) {
    const asked = await send('POST', '/api/v1/connectors/fetch', {
      connector_id: connectorId,
      fresh: true,
      ...report,
    })
    if (asked.status !== 200) return asked
    return ended(asked.body.request_id)
  }

  const ended = (requestId: string, holds = () => false) =>
    until(
      `/api/v1/connectors/requests/${requestId}`,
      ({ status }) => (status !== 'queued' && status !== 'running') || holds(),
    )

  async function until(path: string, holds: (body: Reply['body']) => boolean) {
    for (let turn = 0; turn < 3_000; turn++) {
      if (isLookedAt(turn)) {
        const reply = await get(path)
        if (holds(reply.body)) return reply
      }
      await goOn(turn < 60 ? 2 : 10)
      // A step is made at once: many looks for what is due find nothing more.
      clock.stall(turn < TURNS_WITHOUT_TIME ? 0 : turn < 30 ? 5_000 : 15_000)
    }
    throw new Error('it never ended')
  }

  async function synchronised(connectorId: string) {
    const begun = await send('POST', `/api/v1/connectors/${connectorId}/sync`)
    const path = `/api/v1/integrations/${connectorId}/jobs`
    const isOurs = ({ id }: { id: string }) => id === begun.body.sync_job_id
    const { body } = await until(path, ({ jobs }) => jobs.find(isOurs)?.status !== 'running')
    return body.jobs.find(isOurs)
  }

  return {
    ...harness,
    connect,
    fetched,
    ended,
    synchronised,
    asked: (part, method) =>
      harness.sandbox.ledger.requests.filter(
        (one) => one.path.includes(part) && (method === undefined || one.method === method),
      ).length,
    async settled(connectorId) {
      const path = `/api/v1/integrations/${connectorId}/jobs`
      const isOver = (job?: { status: string }) => job && job.status !== 'running' && job.status !== 'pending'
      const { body } = await until(path, ({ jobs }) => isOver(jobs[0]) === true)
      return body.jobs[0]
    },
    async talk(connectorId, begin) {
      const { reads } = harness.service
      const { body } = await get('/api/v1/connectors')
      const found = body.connectors.find(({ id }: { id: string }) => id === connectorId)
      const connector = reads?.connectors.get(found?.type)
      if (!reads || !connector) throw new Error('no such connection')
      const row = await reads.store.db
        .selectFrom('connectors')
        .selectAll()
        .where('id', '=', connectorId)
        .executeTakeFirstOrThrow()
      const account = { type: connector.type, orgId: row.org_id, accountId: row.account_id ?? row.id }
      const caller = { connector, connectorId, account, priority: 'lowering' } as const
      return converseNow(reads.calls, caller, begin(connector, accountRefOf(row)), 60_000)
    },
    async rowsOf(requestId) {
      const { body } = await get(`/api/v1/connectors/requests/${requestId}/data?format=json`)
      return body.rows
    },
  }
}
