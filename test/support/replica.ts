import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { createLog } from '../../src/log.ts'
import { startService } from '../../src/main.ts'
import { startRedis } from './redis-server.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const BID = {
  customerId: 'CUST_001',
  campaignId: 'c1',
  platform: 'google_ads',
  predictedLtv: 1200,
  bidAmount: 100,
}

/** A private Redis that ends with the test. */
export async function redis() {
  const server = await startRedis()
  onTestFinished(() => server.close())
  return server
}

/** A process of the service, as far as its budgets are concerned, on the machine's time, which Redis compares with its own. */
export async function startReplica(redisUrl: string, environment: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const config = parseConfig({
    PORT: '0',
    DATA_DIR: folder,
    REDIS_URL: redisUrl,
    NOTICE_SECRET: 'shared by all processes, 32 chars',
    OPENRTB_SHED_ABOVE_MS: '10000',
    ...environment,
  })
  const logged: { msg: string; detail?: string }[] = []
  const service = await startService(config, {
    log: createLog('warn', { write: (line) => logged.push(JSON.parse(line)) }),
  })
  onTestFinished(() => service.stop())
  const send = async (method: string, path: string, body?: unknown) => {
    const reply = await fetch(service.url + path, {
      method,
      ...(body !== undefined && { headers: JSON_TYPE, body: JSON.stringify(body) }),
    })
    const text = await reply.text()
    return { status: reply.status, body: text.startsWith('{') ? JSON.parse(text) : text }
  }
  return {
    service,
    /** Warnings and errors. */
    logged,
    send,
    get: (path: string) => send('GET', path),
    bid: () => send('POST', '/v1/bids', BID),
    vouch: () => send('POST', '/v1/store/trust', {}),
    /** Resolves when the store refuses nothing; another process has vouched for it. */
    ready: () => expect.poll(async () => (await send('GET', '/v1/store')).body.refusing).toEqual([]),
  }
}
