import type { DateRange } from '../../connectors/index.ts'
import type { QueuePriority } from './priority.ts'

/** What a caller, or a synchronisation, wants to be read. */
export interface NewRequest {
  readonly connectorId: string
  readonly orgId: number
  readonly reportType: string
  readonly range: DateRange | undefined
  readonly fields: readonly string[]
  readonly priority: QueuePriority
  readonly syncJobId: string | undefined
  /** Most days of one call to the platform; merged ranges do not exceed it. */
  readonly maxDays: number | undefined
  /** Whether the platform has to be read after this request, whatever was read before. */
  readonly fresh: boolean
}
