import { z } from 'zod'

/** Names of the actions that are recorded. */
export const ACTIONS = [
  'limits.set',
  'budget.removed',
  'budget.paused',
  'budget.resumed',
  'kill_switch.engaged',
  'kill_switch.released',
  'key.made',
  'key.changed',
  'key.revoked',
  'campaign.stored',
  'campaign.deleted',
  'ltv.stored',
  'ltv.deleted',
  'store.trusted',
  'connector.connected',
  'connector.disconnected',
  'connector.schedule_set',
  'connector.webhook_secret_set',
  'connector.suppression_lifted',
  'conversions.connection_set',
  'conversions.mappings_set',
  'conversions.replayed',
  'platform_campaign.created',
  'platform_campaign.changed',
  'approval.noted',
  'approval.asked',
  'approval.given',
  'approval.refused',
  'approval.expired',
  'configuration.changed',
] as const
export type Action = (typeof ACTIONS)[number]

/** Who changes something. */
export interface Who {
  readonly name: string
  readonly org: number
}

/** The old and the new value. */
export interface Values {
  readonly from?: unknown
  readonly to?: unknown
}

/** A change that is about to be made. Values are JSON; money is in units of the currency. */
export interface AuditedChange {
  readonly action: Action
  readonly target: string
  /** Read when the change begins, and again just before it is made. */
  readonly values?: () => Values
  readonly reason?: string | undefined
  /**
   * Whether nothing more can be spent after the change than before. Such a change is made even if it cannot be
   * recorded.
   */
  readonly lowersRisk: boolean
}

/** Outcome of a change. `begun` remains when the process ended before the result was recorded. */
export const OUTCOMES = ['begun', 'done', 'failed'] as const

const Kept = z.object({
  id: z.string(),
  atMs: z.number(),
  action: z.string(),
  target: z.string(),
  caller: z.string(),
  org: z.number(),
  from: z.unknown().optional(),
  to: z.unknown().optional(),
  reason: z.string().optional(),
  outcome: z.enum(OUTCOMES),
  /** Code of the error of a failed change. */
  code: z.string().optional(),
})
/** A change as it is recorded. */
export type KeptChange = z.output<typeof Kept>

export function readChange(json: unknown): KeptChange | undefined {
  const kept = Kept.safeParse(json)
  return kept.success ? kept.data : undefined
}

/** Largest row, in bytes: two values, a reason, and names. */
export const MAX_CHANGE_BYTES = 8_192
