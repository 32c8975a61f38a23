import type { Selectable } from 'kysely'
import type { AccountRef, DateRange, ReadConnector, ReportSpec } from '../connectors/read-connector.ts'
import type { Job } from '../queue/index.ts'
import type { RowSource } from '../reports/index.ts'
import type { ConnectorTable } from '../store/index.ts'

/** All that is known about a job while it runs. */
export interface Work {
  readonly job: Job
  readonly row: Selectable<ConnectorTable>
  readonly connector: ReadConnector
  readonly spec: ReportSpec
  readonly account: AccountRef
  readonly range: DateRange | undefined
  readonly source: RowSource
}
