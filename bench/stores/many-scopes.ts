import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { redisClient } from '../../src/shield/budget/stores/redis/redis-client.ts'
import type { StoreSettings } from '../../src/shield/index.ts'
import { startRedis } from '../../test/support/redis-server.ts'

const MANY = 10_000

/**
 * What many budgets take of memory, and what it costs to bring all of them up to date after a bid on each. A process for
 * every store.
 */
export async function benchManyScopes(): Promise<void> {
  const redis = await startRedis('--appendonly', 'yes')
  const directory = mkdtempSync(join(tmpdir(), 'bidwarden-bench-'))
  const row = (...cells: (string | number)[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`)
  row('store', 'scopes', 'heap per scope, KiB', 'resident per scope, KiB', 'sync per scope, µs')
  row('---', '---', '---', '---', '---')
  const stores: readonly (readonly [StoreSettings, number])[] = [
    [{ is: 'memory' }, MANY],
    [{ is: 'sqlite', directory, maxBytes: 1 << 30 }, MANY],
    [{ is: 'redis', url: redis.url, minReplicas: 0 }, MANY],
  ]
  for (const [settings, count] of stores) {
    const script = ['bench/cases/many-scopes.ts', JSON.stringify(settings), String(count)]
    const found = JSON.parse(execFileSync(process.execPath, script, { encoding: 'utf8' }))
    const { heap, resident, syncMicroseconds } = found
    row(settings.is, count, heap.toFixed(1), resident.toFixed(1), syncMicroseconds.toFixed(0))
  }
  const client = redisClient(redis.url)
  await client.connect()
  const bytes = /^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1]
  process.stdout.write(`\nRedis itself: ${(Number(bytes) / MANY / 1024).toFixed(1)} KiB per scope.\n`)
  client.disconnect()
  await redis.close()
  rmSync(directory, { recursive: true })
}
