import {
  type Access,
  type Agent,
  AlertWatch,
  type Bidder,
  type Deferred,
  type Feed,
  type ServicePart,
  SpendHistory,
  StateWatch,
  Streams,
  type WorkerPool,
} from '../agent/index.ts'
import type { Config } from '../config/config.ts'
import type { Recovered } from '../storage/index.ts'
import type { OpenParts } from './open-parts.ts'

interface WatchedParts {
  readonly access: Pick<Access, 'keys'>
  readonly agent: Agent
  readonly bidder: Bidder
  readonly pool: WorkerPool
  readonly feed: Feed
  readonly deferred: Deferred
  readonly parts: readonly ServicePart[]
  readonly recovered: Pick<Recovered, 'facts'>
}

/** Builds what looks at the service for those who watch it: the live stream, the alerts, the spend over time. */
export function openWatching(
  config: Pick<Config, 'store' | 'workers'>,
  watched: WatchedParts,
  opened: OpenParts,
) {
  const { access, agent, bidder, pool, feed, deferred, parts, recovered } = watched
  const { clock, log, tables } = agent
  const watch = new StateWatch({ agent, bidder, pool }, feed)
  const streams = new Streams({ clock, log, feed, watch, most: tables.limits.streams })
  access.keys.watch(() => streams.lookAtKeys())
  tables.watch('streams', () => streams.size)
  const alerts = new AlertWatch({ agent, deferred, parts, pool })
  opened.add(() => alerts.close())
  const isShared = config.store.is === 'redis' || config.workers > 0
  const spendHistory = new SpendHistory({ agent, isShared }, recovered.facts)
  opened.add(() => spendHistory.close())
  return { streams, alerts, spendHistory }
}
