import type { Finding } from '../../agent/index.ts'
import { Audit } from '../../audit/index.ts'
import type { Config } from '../../config/config.ts'
import { createHttpClient } from '../../http/http.ts'
import { createLog } from '../../log.ts'
import { createMetrics } from '../../metrics/metrics.ts'
import { Tables } from '../../metrics/tables.ts'
import { systemClock } from '../../time/clock.ts'
import { openAgent } from '../open-agent.ts'
import { openBudgets } from '../open-budgets.ts'
import { OpenParts } from '../open-parts.ts'
import { openStores } from '../open-stores.ts'
import { examine } from './index.ts'

/**
 * Examines a configuration without the service: beside a running one, or before the first start. It opens none of its
 * files.
 */
export async function examineByItself(config: Config): Promise<Finding[]> {
  const opened = new OpenParts()
  const clock = systemClock
  const log = createLog('silent')
  const http = createHttpClient(clock)
  opened.add(() => http.close())
  const base = { clock, log, metrics: createMetrics(), tables: new Tables(config.tables), http }
  const forgetful: Config = { ...config, workers: 0, store: { is: 'memory' }, records: { is: 'memory' } }
  try {
    const stores = await openStores(forgetful, base, opened)
    const budgets = await openBudgets(forgetful, { ...base, ...stores, onExpired: () => false }, opened)
    const audit = new Audit({ clock, log, records: stores.records })
    opened.add(() => audit.close())
    const parts = { ...base, ...stores, ...budgets, sandbox: undefined, tell: () => {}, audit }
    const { agent } = await openAgent({ ...forgetful, mode: 'mock' }, parts, opened)
    return await examine(config, agent)
  } finally {
    await opened.close()
  }
}
