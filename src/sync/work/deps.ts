import type { Clock } from '../../clock.ts'
import type { Logger } from '../../log.ts'
import type { ReadConnector } from '../connectors/read-connector.ts'
import type { FileStore } from '../reports/index.ts'
import type { CallDeps } from '../run/index.ts'
import type { Store } from '../store/index.ts'

/** What working on a job takes. */
export interface WorkDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly calls: CallDeps
  readonly files: FileStore
  /** Undefined for a platform this version does not know. */
  readonly connectorOf: (type: string) => ReadConnector | undefined
  /** Names this process; another after every start. */
  readonly owner: string
  /** What one call to a platform costs us, in currency units. */
  readonly callCost: number
}
