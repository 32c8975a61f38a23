import {
  type Access,
  type Agent,
  type Bidder,
  type Feed,
  StateWatch,
  Streams,
  type WorkerPool,
} from '../agent/index.ts'

interface StreamParts {
  readonly access: Pick<Access, 'keys'>
  readonly agent: Agent
  readonly bidder: Bidder
  readonly pool: WorkerPool
  readonly feed: Feed
}

/** Builds what answers `GET /v1/stream`. */
export function openStreams({ feed, access, ...parts }: StreamParts): Streams {
  const { clock, log, tables } = parts.agent
  const watch = new StateWatch(parts, feed)
  const streams = new Streams({ clock, log, feed, watch, most: tables.limits.streams })
  access.keys.watch(() => streams.lookAtKeys())
  tables.watch('streams', () => streams.size)
  return streams
}
