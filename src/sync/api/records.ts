import { z } from '@hono/zod-openapi'
import { ok, type Route, readItems } from '../../api/index.ts'
import { converseNow, type Upserted } from '../../connectors/index.ts'
import { AppError, invalidField } from '../../errors.ts'
import { createTurns } from '../../time/turns.ts'
import { findConnection } from '../connections.ts'
import { connectorFor, type Sync } from '../sync.ts'
import { accountRefOf, limitedAccountOf } from '../work/index.ts'
import { Id, idOf } from './route-parts.ts'

const Cell = z.union([z.string().max(50_000), z.number(), z.boolean(), z.null()])
const Record = z.record(z.string().min(1).max(200), Cell)
const MAX_RECORDS = 1_000
const Records = z.strictObject({ records: z.array(Record).min(1).max(MAX_RECORDS) })
const Stored = z.object({ added: z.int(), updated: z.int(), unchanged: z.int() }).openapi('StoredRecords')

/** How long a caller waits for the platform, in milliseconds. */
const PATIENCE_MS = 60_000
/** The longest body of a request, in bytes. */
const MAX_BYTES = 4 * 1024 * 1024

/** Route that stores records at a platform. */
export function recordRoutes(sync: Sync): Route[] {
  // Two requests at once could both miss a key and append it twice.
  const inTurn = createTurns()

  return [
    {
      method: 'put',
      path: '/api/v1/connectors/{id}/records',
      summary:
        'Add records to the table of the connection, or replace those with the same key; safe to repeat',
      scope: 'connect',
      params: Id,
      body: Records.openapi('Records'),
      example: { records: [{ email: 'ann@x.example', ltv: 320.5, segment: 'gold' }] },
      answers: { 200: { description: 'What became of them', schema: Stored } },
      refusals: [
        'invalid_request',
        'payload_too_large',
        'unsupported_media_type',
        'not_found',
        'platform_refused',
        'platform_unavailable',
        'outcome_unknown',
      ],
      async handle(c, { org }) {
        const row = await findConnection(sync, org, idOf(c))
        const connector = connectorFor(sync, row.type)
        const records = await readItems(c, 'records', Record, { most: MAX_RECORDS, maxBytes: MAX_BYTES })
        const talk = connector.upsert?.(accountRefOf(row), records)
        const problem = !talk ? `${connector.type} stores no records` : `the account is ${row.status}`
        if (!talk || row.status !== 'connected') throw invalidField('id', problem)
        const account = limitedAccountOf(row, connector)
        const caller = { connector, connectorId: row.id, account, priority: 'read_premium' } as const
        return inTurn(row.id, async () =>
          ok(storedOf(connector.type, await converseNow(sync.calls, caller, talk, PATIENCE_MS))),
        )
      },
    },
  ]
}

function storedOf(type: string, talked: Awaited<ReturnType<typeof converseNow<Upserted>>>): Upserted {
  switch (talked.is) {
    case 'done':
      return talked.value
    case 'unknown':
      throw new AppError('outcome_unknown', `it is unknown what ${type} stored: ${talked.detail}`, 'later')
    case 'unavailable':
      throw new AppError('platform_unavailable', `${type}: ${talked.detail}`, 'later')
    case 'auth_lost':
    case 'refused':
      throw new AppError('platform_refused', `${type} refused: ${talked.detail}`)
  }
}
