import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { BID, budgetOfGoogle, post } from './support/asks.ts'
import { childrenOf } from './support/children.ts'
import { startRedis } from './support/redis-server.ts'
import { folder, listening, type Started, start, startAs } from './support/service.ts'
import { smallDisk } from './support/small-disk.ts'

/** The options of a service and of each of its workers. */
function expectSmallMemory({ child }: Started, workers: number): void {
  const pid = child.pid ?? 0
  for (const one of [pid, ...childrenOf(pid)]) {
    const commandLine = readFileSync(`/proc/${one}/cmdline`, 'utf8').split('\0')
    expect(commandLine.filter((option) => option === '--max-semi-space-size=4')).toHaveLength(1)
    const environment = readFileSync(`/proc/${one}/environ`, 'utf8').split('\0')
    expect(environment).toContain('MALLOC_ARENA_MAX=2')
    // Threads read it there.
    expect(environment.filter((variable) => variable.startsWith('NODE_COMPILE_CACHE=/'))).toHaveLength(1)
  }
  expect(childrenOf(pid)).toHaveLength(workers)
}

describe('the service as a process', () => {
  it('says where it listens, in what mode, its budgets and one thing to try, which works, keeps memory small, and stops on SIGTERM though the connection is open', async () => {
    const service = start({ PORT: '0' })
    await listening(service)
    expectSmallMemory(service, 0)
    expect(service.output()).toMatch(/mock mode/)
    expect(service.output()).toMatch(/google_ads {2}500 USD in any 10 minutes/)
    const [, url = '', body = ''] = /curl -s (\S+)[\s\S]*-d '([^']+)'/.exec(service.output()) ?? []
    const reply = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
    expect(await reply.json()).toMatchObject({ status: 'placed', budget: { spent: 150 } })
    service.child.kill('SIGTERM')
    expect(await once(service.child, 'close')).toEqual([0, null])
  })

  it('keeps the memory of its workers small', async () => {
    const service = start({ PORT: '0', LOG_LEVEL: 'error', WORKERS: '1' })
    await listening(service)
    expectSmallMemory(service, 1)
    service.child.kill('SIGTERM')
    await once(service.child, 'close')
  })

  it('strips types once: a start after a kill finds them in the cache, in every thread', async () => {
    const environment = { PORT: '0', NODE_COMPILE_CACHE: folder(), NODE_DEBUG_NATIVE: 'COMPILE_CACHE' }
    const stripped = ({ output }: Started) =>
      output().match(/no transpile cache for StrippedTypeScript \S+/g) ?? []
    const first = start(environment, 'start')
    await listening(first)
    expectSmallMemory(first, 0)
    expect(stripped(first).join('\n')).toMatch(/sqlite-worker\.ts/)
    first.child.kill('SIGKILL')
    await once(first.child, 'close')
    const second = start(environment)
    await listening(second)
    expect(stripped(second)).toEqual([])
  })

  it('strips no types where the cache was filled before, as it is for an image', async () => {
    const environment = { PORT: '0', NODE_COMPILE_CACHE: folder(), NODE_DEBUG_NATIVE: 'COMPILE_CACHE' }
    const { NODE_COMPILE_CACHE } = environment
    execFileSync(process.execPath, ['bin/warm.cjs'], {
      env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE },
    })
    const live = {
      MOCK_MODE: 'false',
      META_ACCESS_TOKEN: 'a',
      META_BUSINESS_ID: '1',
      OPENRTB_SEATS: '[{"id":"a"}]',
    }
    const keys = { API_KEYS: `ops:admin:${'0'.repeat(64)}`, GRPC_PORT: '0', WORKERS: '1' }
    const service = start({ ...environment, ...live, ...keys })
    await listening(service)
    expect(service.output()).toMatch(/StrippedTypeScript \S+sqlite-worker\.ts/)
    expect(service.output()).not.toContain('no transpile cache for StrippedTypeScript')
  })

  it('names what is missing and exits when live mode has no credentials', async () => {
    const service = start({ PORT: '0', MOCK_MODE: 'false' })
    const [code] = await once(service.child, 'close')
    expect(code).toBe(1)
    expect(service.output()).toContain('META_ACCESS_TOKEN')
    expect(service.output()).toContain('API_KEYS')
  })

  it('says so when the port is taken', async () => {
    const blocker = createServer().listen(0, '127.0.0.1')
    await once(blocker, 'listening')
    const address = blocker.address()
    const port = typeof address === 'object' ? address?.port : 0
    const service = start({ PORT: String(port) })
    const [code] = await once(service.child, 'close')
    blocker.close()
    expect(code).toBe(1)
    expect(service.output()).toContain('EADDRINUSE')
    expect(service.output()).not.toContain('at async')
  })

  it.skipIf(process.platform !== 'linux')(
    'says in a line that nothing can be made where it is told to keep its data',
    async () => {
      const service = start({ PORT: '0', DATA_DIR: '/proc/data/of/it', LOGLEVEL: 'debug' })
      const [code] = await once(service.child, 'close')
      expect(code).toBe(1)
      expect(service.output()).toContain('LOGLEVEL is not read and LOG_LEVEL is not set')
      expect(service.output()).toMatch(/^Cannot start: \/proc\/data\/of\/it cannot be made: ENOENT.*$/m)
    },
  )

  it('says in a line that it is on a disk that is read-only', async () => {
    const { directory } = smallDisk()
    try {
      execFileSync('mount', ['-o', 'remount,ro', directory], { stdio: 'ignore' })
    } catch {
      chmodSync(directory, 0o555)
    }
    const service = start({ PORT: '0', DATA_DIR: join(directory, 'data') })
    const [code] = await once(service.child, 'close')
    expect(code).toBe(1)
    expect(service.output()).toMatch(/^Cannot start: .*data cannot be made: E(ROFS|ACCES).*\n$/)
  })
})

describe('a ledger on the disk', () => {
  it('can be read as lines, recomputed beside the running service, and opened by no second process, which names the first', async () => {
    const environment = { PORT: '0', STORE: 'sqlite', DATA_DIR: folder() }
    const service = start(environment)
    const url = await listening(service)
    await post(url, '/v1/bids', BID)
    await (await fetch(`${url}/v1/budgets`)).text()
    const text = await (await fetch(`${url}/v1/ledger?scope=platform:google_ads`)).text()
    const entries = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(entries.length).toBeGreaterThan(1)
    expect(entries.every(({ hash }) => /^[0-9a-f]{64}$/.test(hash))).toBe(true)
    expect((await fetch(`${url}/v1/ledger?from=yesterday`)).status).toBe(400)

    const verify = start(environment, 'ledger', 'verify')
    expect(await once(verify.child, 'close')).toEqual([0, null])
    expect(verify.output()).toMatch(/^platform:google_ads +150 +0$/m)

    const second = start(environment)
    expect(await once(second.child, 'close')).toEqual([1, null])
    expect(second.output()).toContain(String(service.child.pid))
  })

  it('gives everything back that is not spent when it is stopped in peace', async () => {
    const environment = { PORT: '0', STORE: 'sqlite', DATA_DIR: folder() }
    const first = start(environment)
    expect((await post(await listening(first), '/v1/bids', BID)).status).toBe(200)
    first.child.kill('SIGTERM')
    await once(first.child, 'close')

    const again = await listening(start(environment))
    const { limits, forfeited } = await budgetOfGoogle(again)
    expect(limits[0]).toMatchObject({ spent: 150, remaining: 350 })
    expect(forfeited).toBeUndefined()
  })
})

describe('records on the disk', () => {
  it('belong to one process also where budgets are in Redis, and name a directory that cannot be written', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.close())
    const NOTICE_SECRET = 'the same for all processes, 32 signs'
    const environment = { PORT: '0', DATA_DIR: folder(), REDIS_URL: redis.url, NOTICE_SECRET }
    const first = start(environment)
    await listening(first)
    const second = start(environment)
    expect(await once(second.child, 'close')).toEqual([1, null])
    expect(second.output()).toContain(`records.lock is held by process ${first.child.pid} on `)

    const readOnly = folder()
    chmodSync(readOnly, 0o555)
    // The superuser may write everywhere, so it becomes somebody else.
    const somebody = process.getuid?.() === 0 ? { uid: 65_534 } : {}
    const third = startAs(somebody, { ...environment, DATA_DIR: readOnly })
    expect(await once(third.child, 'close')).toEqual([1, null])
    expect(third.output()).toContain(`${readOnly}/records.lock cannot be written`)
  })

  it('waits for a Redis that starts later, and says so', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.close())
    await redis.kill()
    const NOTICE_SECRET = 'the same for all processes, 32 signs'
    const service = start({ PORT: '0', REDIS_URL: redis.url, NOTICE_SECRET })
    await expect.poll(() => service.output()).toContain('waiting for the budget store')
    await redis.start()
    expect((await fetch(`${await listening(service)}/livez`)).status).toBe(200)
  })
})
