import { openSharedKeys, type SharedKeys } from '../agent/index.ts'
import type { Config } from '../config/config.ts'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { openStore } from '../shield/index.ts'
import { openRecords, type Records, type Recovered } from '../storage/index.ts'
import type { Clock } from '../time/clock.ts'
import type { OpenParts } from './open-parts.ts'

interface Parts {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

interface ReadRecords {
  readonly records: Records
  /** What the records contain from earlier starts. */
  readonly recovered: Recovered
}

/** Everything that outlives the process: budgets, records, and idempotency keys that several processes share. */
export interface Stores extends ReadRecords {
  readonly store: Awaited<ReturnType<typeof openStore>>
  /** Undefined if no other process serves the same callers. */
  readonly sharedKeys: SharedKeys | undefined
}

/** The most damaged records that the log names. */
const MAX_NAMED = 50

/** Opens the stores as configured. */
export async function openStores(config: Config, parts: Parts, opened: OpenParts): Promise<Stores> {
  const { clock, log } = parts
  const isShared = config.workers > 0
  const onAway = (detail: string) => log.warn({ detail }, 'waiting for the budget store')
  // Each is read from the disk by a thread of its own, so both are read at the same time.
  const reading = [
    openStore(config.store, { clock, isShared, onAway }),
    openRecordsOf(config, parts),
  ] as const
  const [hasStore, hasRecords] = await Promise.allSettled(reading)
  if (hasStore.status === 'fulfilled') opened.add(() => hasStore.value.close())
  if (hasRecords.status === 'fulfilled') opened.add(() => hasRecords.value.records.close())
  const [store, { records, recovered }] = await Promise.all(reading)
  const sharedKeys = config.store.is === 'redis' ? await openSharedKeys(config.store.url) : undefined
  if (sharedKeys) opened.add(() => sharedKeys.close())
  if (recovered.damaged.length > 0) {
    const named = recovered.damaged.slice(0, MAX_NAMED)
    log.error({ records: named, count: recovered.damaged.length }, 'damaged records are set aside')
  }
  return { store, records, recovered, sharedKeys }
}

async function openRecordsOf(
  { records: settings, tables }: Config,
  { clock, metrics }: Parts,
): Promise<ReadRecords> {
  const records = await openRecords(settings, {
    clock,
    latest: tables.decisions,
    onWritten: (tookMs) => metrics.recordsWrite.observe(tookMs / 1000),
  })
  try {
    return { records, recovered: await records.recover() }
  } catch (error) {
    await records.close()
    throw error
  }
}
