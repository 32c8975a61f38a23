import { type RedisClient, redisClient } from '../../shield/index.ts'
import type { CloudEvent } from './publish.ts'

/** A Redis stream from which other services read events. */
export interface EventStream {
  /** Appends an event; repetitions within a day are ignored. Rejects while Redis cannot be reached. */
  append(event: CloudEvent, orgId: number): Promise<void>
  close(): void
}

/** About how many of the newest events are kept, since budgets may use the same memory. */
const MAX_EVENTS = 10_000
/** How long repetitions of an event are recognised, in seconds. */
const SEEN_SECONDS = 86_400
/** Both keys have the same hash tag, so that a cluster keeps them on one server. */
const APPEND = `
if not redis.call('SET', KEYS[2], '', 'NX', 'EX', ARGV[1]) then return 0 end
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'id', ARGV[3], 'type', ARGV[4], 'org_id', ARGV[5], 'event', ARGV[6])
return 1`

/** Creates the stream. Its entries have the fields `id`, `type`, `org_id` and `event` (JSON). */
export function createEventStream(url: string): EventStream {
  const client: RedisClient = redisClient(url)
  let connecting: Promise<unknown> | undefined

  async function connected(): Promise<void> {
    if (client.status !== 'wait' && client.status !== 'end') return
    connecting ??= client.connect().finally(() => {
      connecting = undefined
    })
    await connecting
  }

  return {
    async append(event, orgId) {
      await connected()
      const { id, type, topic } = event
      const keys = [topic, `{${topic}}:${id}`]
      const about = [SEEN_SECONDS, MAX_EVENTS, id, type, orgId, JSON.stringify(event)]
      await client.eval(APPEND, keys.length, ...keys, ...about)
    },
    close: () => client.disconnect(),
  }
}
