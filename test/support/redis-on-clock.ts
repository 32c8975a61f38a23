import { Cluster, type Redis } from 'ioredis'
import { type RedisClient, redisClient } from '../../src/shield/budget/stores/redis/redis-client.ts'
import type { Clock } from '../../src/time/clock.ts'

/** How long an answer is awaited: a machine under load, or a disk that every write waits for, may stand still for seconds. */
const PATIENCE_MS = 60_000
const SERVER_TIME = "redis.call('TIME')"

/**
 * Makes a client that awaits a connection and an answer longer than the service does, for tests that are not about how soon
 * it gives up.
 */
export function patientClient(url: string, patienceMs = PATIENCE_MS): RedisClient {
  const client = redisClient(url, patienceMs)
  const options = client instanceof Cluster ? client.options.redisOptions : client.options
  if (options) options.connectTimeout = patienceMs
  return client
}

/**
 * Makes clients for which the time of Redis is that of `clock`: it is sent along with each script, in place of what the server
 * says. So leases and windows in a real Redis end when a test says so, however long the test takes.
 */
export function redisOnClock(clock: Clock, patienceMs?: number): (url: string) => RedisClient {
  return (url) => {
    const client = patientClient(url, patienceMs)
    const run: Redis['eval'] = client.eval.bind(client)
    const onClock = (text: string, keys: number, ...args: string[]) => {
      const script = text.replaceAll(SERVER_TIME, '{ARGV[2], ARGV[3]}')
      if (script.includes("'TIME'")) throw new Error('the script asks for the time of Redis in another way')
      const nowMs = Math.floor(clock.nowMs())
      return run(script, keys, ...args, String(Math.floor(nowMs / 1_000)), String((nowMs % 1_000) * 1_000))
    }
    // The store then sends the script itself.
    const evalsha = () => Promise.reject(new Error('NOSCRIPT'))
    return Object.assign(client, { eval: onClock, evalsha })
  }
}
