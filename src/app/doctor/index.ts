import type { Agent, Finding } from '../../agent/index.ts'
import type { Config } from '../../config/config.ts'
import type { BudgetManager } from '../../shield/index.ts'
import { checkDisk } from './check-disk.ts'
import { checkPlatforms } from './check-platforms.ts'
import { checkSettings } from './check-settings.ts'
import { checkPostgres, checkRedis } from './check-stores.ts'

/**
 * Examines the configuration in use: settings, disk, stores, and the platforms' view of our credentials. It changes
 * nothing, except that it writes and deletes a small file in the data folder.
 */
export async function examine(
  config: Config,
  { connectors, clock, budget }: Pick<Agent, 'connectors' | 'clock' | 'budget'>,
): Promise<Finding[]> {
  const { store, records, sync, accounts, mode } = config
  const directory = records.is === 'disk' ? records.directory : sync?.dataDir
  const maxBytes =
    (store.is === 'sqlite' ? store.maxBytes : 0) + (records.is === 'disk' ? records.maxBytes : 0)
  const found = await Promise.all([
    checkSettings(config, clock.nowMs()),
    directory === undefined ? [FORGETFUL] : checkDisk(directory, maxBytes, clock),
    store.is === 'redis' ? checkRedis(store.url, store.minReplicas, clock) : [],
    sync?.store.is === 'postgres' ? checkPostgres(sync.store.url, clock) : [],
    checkPlatforms(connectors, accounts, mode, (platform) => dayZonesOf(budget, platform)),
  ])
  return found.flat()
}

/**
 * The time zones of the daily limits on a platform and its campaigns. Before a start there are none, since budgets are
 * in their store.
 */
const dayZonesOf = (budget: BudgetManager, platform: string): ReadonlySet<string> =>
  new Set(
    [...budget.scopes]
      .filter(({ name }) => name === `platform:${platform}` || name.startsWith(`campaign:${platform}:`))
      .flatMap(({ limits }) => limits.flatMap((limit) => (limit.kind === 'day' ? [limit.timezone] : []))),
  )

const FORGETFUL: Finding = {
  subject: 'disk',
  state: 'warning',
  detail: 'everything is forgotten with the process',
  advice: 'take STORE=memory out',
}
