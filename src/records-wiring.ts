import { MAX_LATEST } from './agent/index.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import type { Metrics } from './metrics.ts'
import { openRecords, type Records, type Recovered } from './records/index.ts'

/** Opens the records as they are configured, with what earlier starts have left. */
export async function startRecords(
  { records: settings }: Config,
  { clock, metrics }: { readonly clock: Clock; readonly metrics: Metrics },
): Promise<{ readonly records: Records; readonly recovered: Recovered }> {
  const records = await openRecords(settings, {
    clock,
    latest: MAX_LATEST,
    onWritten: (tookMs) => metrics.recordsWrite.observe(tookMs / 1000),
  })
  return { records, recovered: await records.recover() }
}
