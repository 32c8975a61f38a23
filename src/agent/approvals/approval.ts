import { z } from 'zod'
import { APPROVAL_KINDS } from '../../metrics/metrics.ts'
import { APPROVAL_REASONS } from './rules.ts'

/**
 * `applying`: given, and being done. `applied`, `not_applied`: what came of it. `interrupted`: the service ended while it
 * was being done, and it is not done again.
 */
export const APPROVAL_STATUSES = [
  'pending_approval',
  'refused',
  'expired',
  'applying',
  'applied',
  'not_applied',
  'interrupted',
] as const
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number]

/** Something that was asked for and waits for another key, or what became of it. Times are in ms since the epoch. */
export const Approval = z.object({
  id: z.string(),
  kind: z.enum(APPROVAL_KINDS),
  status: z.enum(APPROVAL_STATUSES),
  /** The budget that it is about: of a bid its campaign's, whether or not it has one. */
  scope: z.string(),
  /** Organisation that the asking key is bound to; undefined for the operator's. */
  boundTo: z.number().int().optional(),
  /** Organisation of the asking key. */
  org: z.number().int(),
  /** Who asked, by the name that tells keys of organisations apart. */
  askedBy: z.string(),
  askedAtMs: z.number(),
  expiresAtMs: z.number(),
  reasons: z.array(z.enum(APPROVAL_REASONS)),
  /** The reason that the asking caller gave. */
  reason: z.string().optional(),
  /** What it was and what it is to be, in units. */
  from: z.unknown().optional(),
  to: z.unknown().optional(),
  bidId: z.string().optional(),
  /** What is needed to do it, as its kind keeps it. */
  work: z.unknown(),
  decidedBy: z.string().optional(),
  decidedAtMs: z.number().optional(),
  decisionReason: z.string().optional(),
  /** Why it was not applied, or is not known to be. */
  code: z.string().optional(),
  detail: z.string().optional(),
})
export type Approval = z.output<typeof Approval>

export const isPending = ({ status }: Approval): boolean => status === 'pending_approval'
/** Whether nothing more becomes of it. */
export const isOver = ({ status }: Approval): boolean =>
  status !== 'pending_approval' && status !== 'applying'
