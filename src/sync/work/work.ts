import type { AccountRef, Connector, DateRange, ReportSpec } from '../../connectors/index.ts'
import type { Job } from '../queue/index.ts'
import type { RowSource } from '../reports/index.ts'
import type { ConnectorRow } from '../store/index.ts'

/** Everything known about a running job. */
export interface RunningJob {
  readonly job: Job
  readonly row: ConnectorRow
  readonly connector: Connector
  readonly spec: ReportSpec
  readonly account: AccountRef
  readonly range: DateRange | undefined
  readonly source: RowSource
}
