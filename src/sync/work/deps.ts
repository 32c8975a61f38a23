import type { CallDeps, Connector } from '../../connectors/index.ts'
import type { Logger } from '../../log.ts'
import type { Clock } from '../../time/clock.ts'
import type { FileStore, ReportFiles } from '../reports/index.ts'
import type { Store } from '../store/index.ts'

/** Dependencies of working on a job. */
export interface WorkDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly calls: CallDeps
  readonly files: FileStore
  /** Writes the files of reports. */
  readonly reports: ReportFiles
  /** Undefined for a platform that this version does not know. */
  readonly connectorOf: (type: string) => Connector | undefined
  /** Name of this process, new at every start. */
  readonly owner: string
  /** Our cost of one call to a platform, in currency units. */
  readonly callCost: number
}
