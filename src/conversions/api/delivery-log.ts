import { z } from '@hono/zod-openapi'
import type { Selectable } from 'kysely'
import { type ConversionDeliveryTable, DELIVERY_STATES } from '../../sync/index.ts'
import { timeOf } from '../outbox/index.ts'

export type DeliveryRow = Selectable<ConversionDeliveryTable>

/** A delivery by the field names of the interface's specification, with further fields of our own. */
export const EventDeliveryLog = z
  .object({
    event_id: z.string(),
    platform: z.string(),
    event_name: z.string(),
    timestamp: z.string().openapi({ description: 'When it was accepted.' }),
    success: z.boolean(),
    latency_ms: z.number().nullable(),
    error_message: z.string().nullable(),
    request_id: z
      .string()
      .nullable()
      .openapi({ description: 'Of the last call, where the platform gave one.' }),
    retry_count: z.int().openapi({ description: 'How often it was sent again.' }),
    state: z.enum(DELIVERY_STATES),
    code: z.string().nullable(),
    attempts: z.int().openapi({ description: 'How often it was sent.' }),
    first_attempt_at: z.string().nullable(),
    last_attempt_at: z.string().nullable(),
    next_attempt_at: z.string().nullable(),
    outcome_unknown_since: z.string().nullable().openapi({
      description: 'The first attempt of which nobody can say whether the platform took the event.',
    }),
    match_quality: z.number().openapi({
      description:
        'How well the platform can find the person, from 0 to 10: an estimate by the identifiers it got.',
    }),
    mapping_version: z.int().openapi({ description: 'Version of the mappings that it was accepted with.' }),
  })
  .openapi('EventDeliveryLog')

export function logOf(row: DeliveryRow): z.output<typeof EventDeliveryLog> {
  const isWaiting = row.state === 'pending' || row.state === 'retrying'
  return {
    event_id: row.event_id,
    platform: row.platform,
    event_name: row.event_name,
    timestamp: timeOf(row.created_ms) ?? '',
    success: row.state === 'acknowledged',
    latency_ms: row.latency_ms,
    error_message: row.detail,
    request_id: row.request_id,
    retry_count: Math.max(0, row.attempts - 1),
    state: row.state,
    code: row.code,
    attempts: row.attempts,
    first_attempt_at: timeOf(row.first_attempt_ms),
    last_attempt_at: timeOf(row.last_attempt_ms),
    next_attempt_at: isWaiting ? timeOf(row.due_ms) : null,
    outcome_unknown_since: row.state === 'acknowledged' ? null : timeOf(row.unknown_since_ms),
    match_quality: row.match_quality,
    mapping_version: row.mapping_version,
  }
}
