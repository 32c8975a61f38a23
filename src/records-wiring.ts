import { MAX_LATEST, openSharedKeys, type SharedKeys } from './agent/index.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import type { Metrics } from './metrics.ts'
import { openRecords, type Records, type Recovered } from './records/index.ts'

export interface Kept {
  readonly records: Records
  /** What earlier starts have left. */
  readonly recovered: Recovered
  /** Undefined where this process is the only one. */
  readonly sharedKeys: SharedKeys | undefined
  close(): Promise<void>
}

/** Opens what is remembered of bids, as it is configured. */
export async function startRecords(
  { records: settings, store }: Config,
  { clock, metrics }: { readonly clock: Clock; readonly metrics: Metrics },
): Promise<Kept> {
  const records = await openRecords(settings, {
    clock,
    latest: MAX_LATEST,
    onWritten: (tookMs) => metrics.recordsWrite.observe(tookMs / 1000),
  })
  try {
    const recovered = await records.recover()
    const sharedKeys = store.is === 'redis' ? await openSharedKeys(store.url) : undefined
    const close = async () => {
      await sharedKeys?.close()
      await records.close()
    }
    return { records, recovered, sharedKeys, close }
  } catch (error) {
    await records.close()
    throw error
  }
}
