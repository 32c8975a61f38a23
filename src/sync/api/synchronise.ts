import { startSynchronisation } from '../jobs/index.ts'
import type { QueuePriority } from '../queue/index.ts'
import type { ConnectorRow } from '../store/index.ts'
import type { Sync } from '../sync.ts'
import { requireQueuePlace } from '../table-limits.ts'

/**
 * Begins to read everything that a connection is set to read; returns the id of the synchronisation.
 * @throws AppError `rate_limited` while as many requests of the organisation wait as allowed
 */
export async function synchroniseNow(
  sync: Sync,
  row: ConnectorRow,
  priority: QueuePriority,
): Promise<string> {
  await requireQueuePlace(sync.store.db, row.org_id, sync.tableLimits)
  const id = await startSynchronisation(sync.jobs, row.id, 'manual', priority)
  sync.jobRunner.nudge()
  return id
}
