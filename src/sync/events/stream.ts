import { type RedisClient, redisClient } from '../../shield/index.ts'
import type { CloudEvent } from './publish.ts'

/** Where other services read what happened. */
export interface EventStream {
  /** Appends an event, once however often it comes within a day. Rejects while Redis cannot be reached. */
  append(event: CloudEvent, orgId: number): Promise<void>
  close(): void
}

/** About so many of the newest are kept: budgets live in the same memory. */
const MAX_EVENTS = 10_000
const SEEN_SECONDS = 86_400
/** Both keys have one hash tag, so that a cluster keeps them on one server. */
const APPEND = `
if not redis.call('SET', KEYS[2], '', 'NX', 'EX', ARGV[1]) then return 0 end
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'id', ARGV[3], 'type', ARGV[4], 'org_id', ARGV[5], 'event', ARGV[6])
return 1`

/** The topic of each event as a Redis stream. Entries have the fields `id`, `type`, `org_id`, and the `event` as JSON. */
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
