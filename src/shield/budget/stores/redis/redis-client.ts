import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { messageOf } from '../../../../errors.ts'
import { StoreUnavailable } from '../../protocol/store.ts'

/** How long an answer of Redis is awaited. */
const COMMAND_MS = 800
const CONNECT_MS = 1_000
const RECONNECT_MS_MAX = 500

/**
 * The client does not queue commands while it is not connected and never repeats a command by itself. The caller decides
 * whether to repeat one, with the same `seq`.
 */
const OPTIONS = {
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: COMMAND_MS,
  connectTimeout: CONNECT_MS,
  retryStrategy: (times: number) => Math.min(times * 50, RECONNECT_MS_MAX),
  // The server has become a replica: reconnect to find the new primary.
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
} satisfies RedisOptions

export type RedisClient = Redis | Cluster

/**
 * Makes a client for `redis://` or `rediss://` (one server), `redis-sentinel://host:port,host:port/name`, or
 * `redis-cluster://host:port,host:port`. User and password are written before the hosts. It is not connected yet.
 *
 * @param commandMs how long an answer is awaited; blocking commands need more than the default
 */
export function redisClient(url: string, commandMs = COMMAND_MS): RedisClient {
  const options = { ...OPTIONS, commandTimeout: commandMs }
  const list = /^redis-(sentinel|cluster):\/\/(?:([^:@/]*):([^@/]*)@)?([^/]+)(?:\/([^/]+))?$/.exec(url)
  if (!list) return quiet(new Redis(url, options))
  const [, kind, username, password, hosts = '', name = 'mymaster'] = list
  const nodes = hosts.split(',').map((node) => {
    const [host = '', port = kind === 'sentinel' ? '26379' : '6379'] = node.split(':')
    return { host, port: Number(port) }
  })
  const access = {
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
  }
  if (kind === 'sentinel') return quiet(new Redis({ ...options, ...access, sentinels: nodes, name }))
  return quiet(
    new Cluster(nodes, {
      lazyConnect: true,
      enableOfflineQueue: false,
      clusterRetryStrategy: (times) => Math.min(times * 50, RECONNECT_MS_MAX),
      redisOptions: { ...options, ...access },
    }),
  )
}

/** Stops ioredis from printing errors: callers get them as rejections anyway. */
function quiet<T extends RedisClient>(client: T): T {
  client.on('error', () => undefined)
  return client
}

/** The servers that accept writes. */
export const primaries = (client: RedisClient): readonly Redis[] =>
  client instanceof Cluster ? client.nodes('master') : [client]

/** Runs `work` and turns every error of it into {@link StoreUnavailable}. */
export async function reach<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof StoreUnavailable) throw error
    throw new StoreUnavailable(`Redis: ${reasonOf(error)}`)
  }
}

/** The reason of an error in words for operators; some messages of ioredis only name its settings. */
function reasonOf(error: unknown): string {
  const said = messageOf(error)
  if (said.startsWith('Reached the max retries per request limit')) return 'the connection ended'
  if (said.startsWith("Stream isn't writeable")) return 'it cannot be connected to'
  return said
}

/** Throws if the memory policy of Redis may evict keys, since that could delete budgets. */
export async function checkMemoryPolicy(client: RedisClient): Promise<void> {
  for (const primary of primaries(client)) {
    const info = await reach(() => primary.info('memory'))
    const setting = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1]
    const policy = setting('maxmemory_policy')
    if (setting('maxmemory') !== '0' && policy !== 'noeviction') {
      throw new Error(
        `Redis at ${primary.options.host}:${primary.options.port} evicts keys when its memory is full ` +
          `(maxmemory-policy ${policy}), and budgets are such keys: set maxmemory-policy noeviction.`,
      )
    }
  }
}
