import { Redis } from 'ioredis'
import { describe, expect, it, onTestFailed, onTestFinished } from 'vitest'
import { ask } from '../crash/http.ts'
import { type Outside, startOutside } from '../crash/outside.ts'
import { startAgain } from '../crash/redis-rounds.ts'
import { type ServiceProcess, serviceProcess } from '../crash/service-process.ts'
import { pause, soon } from '../crash/wait.ts'
import { ext4Disk, mayMakeDisks } from '../support/ext4-disk.ts'
import { freePort } from '../support/free-port.ts'
import { startRedis } from '../support/redis-server.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { folder } from '../support/service.ts'
import { smallDisk } from '../support/small-disk.ts'
import { startProxy } from '../support/tcp-proxy.ts'

/** How long each fault lasts: longer than a lease, so that a service without its store has to refuse. */
const FAULT_MS = 13_000
/** Within which time after the end of a fault all must be well again; a machine that is quiet takes a sixth of it. */
const WELL_MS = 60_000
/** What the logs of a ledger and of records need under load, several times. */
const DISK_MB = 256
/** What a bid is told and what `/readyz` says may be apart by so many looks. */
const NEAR_LOOKS = 40
/**
 * Of the looks, so many may find a part away that the fault leaves alone: a machine that stands still for a second takes it
 * away for a moment.
 */
const STRANGE_SHARE = 0.25

/** The parts that a fault may take away. */
const PARTS = ['budget_store_unavailable', 'records_unavailable'] as const
type Part = (typeof PARTS)[number]

interface Fault {
  readonly begin: () => unknown
  readonly end: () => unknown
  /** What may be named as away meanwhile; none where everything has to go on. */
  readonly parts: readonly Part[]
  /** The service itself is away meanwhile. */
  readonly isDown?: true
}

/** What a caller was told of a bid. */
interface Told {
  readonly atMs: number
  /** `placed`, the code of a refusal, or `lost` without an answer. */
  readonly bid: string
}

/** What `/readyz` said: a line for each part that is away; nothing where there was no answer. */
interface Look {
  readonly atMs: number
  readonly isAnswered: boolean
  readonly away: readonly string[]
}

/** Asks one service all the time how it is, and for a bid. */
function watch(url: string) {
  const [looks, told]: [Look[], Told[]] = [[], []]
  let isOver = false
  const again = async (work: () => Promise<void>) => {
    while (!isOver) {
      await work()
      await pause(50)
    }
  }
  const look = async () => {
    const atMs = performance.now()
    const ready = await ask('GET', `${url}/readyz`)
    looks.push({
      atMs,
      isAnswered: ready !== undefined,
      away: ready?.status === 503 ? ready.body.split('\n') : [],
    })
  }
  const bid = async () => {
    const reply = await ask('POST', `${url}/v1/bids`, PROBE)
    const code = reply === undefined ? 'lost' : reply.status === 200 ? 'placed' : reply.body.code
    told.push({ atMs: performance.now(), bid: code })
  }
  const working = Promise.all([again(look), again(bid)])
  return {
    looks,
    told,
    async end() {
      isOver = true
      await working
    },
  }
}

type Watched = Pick<ReturnType<typeof watch>, 'looks' | 'told'>

const PROBE = {
  customerId: 'CUST_001',
  campaignId: 'probe',
  platform: 'meta',
  predictedLtv: 5,
  bidAmount: 0.01,
}

/** Services on one store, with everything outside them, under load. */
async function world(environment: Record<string, string>, services = 1) {
  const outside = await startOutside(seededRandom(1), 3)
  onTestFinished(() => outside.close())
  const all: ServiceProcess[] = []
  for (let i = 0; i < services; i++) {
    const port = String(await freePort())
    const publicUrl = `http://127.0.0.1:${port}`
    const own = { ...outside.environment(publicUrl), DATA_DIR: folder(), ...environment, PORT: port }
    const service = await serviceProcess(own)
    onTestFinished(() => service.close())
    onTestFailed(() => void process.stdout.write(service.output()))
    await startAgain(service)
    all.push(service)
  }
  const urls = all.map(({ url }) => url)
  const [first = ''] = urls
  await soon(
    'an operator is heard',
    async () => (await ask('POST', `${first}/v1/store/trust`, {}))?.status === 200,
  )
  await outside.setLimits(first)
  for (const url of urls) await outside.putCampaign(url)
  outside.startLoad(urls)
  // Also what was refused before the operator was heard has been asked for again.
  await Promise.all([outside.goesOn(), ...urls.map(isReady)])
  return { outside, services: all, urls }
}

type World = Awaited<ReturnType<typeof world>>

/** Has the fault happen under load, and compares what the services say with what outsiders know. */
async function during(
  { outside, services, urls }: World,
  { begin, end, parts, isDown }: Fault,
): Promise<void> {
  const watched = urls.map(watch)
  await pause(1_000)
  await begin()
  await pause(FAULT_MS)
  const seen = () => watched.flatMap(({ looks }) => looks.slice(-1))
  if (parts.length > 0) await soon('the fault is noticed', () => seen().every(({ away }) => away.length > 0))
  const looksOfFault = seen()
  await end()
  const endedMs = performance.now()
  outside.aimAtNext()
  await Promise.all([outside.goesOn(), ...urls.map(isReady)])
  const recoveredMs = performance.now() - endedMs
  for (const one of watched) await one.end()
  tell(outside, watched, recoveredMs)
  for (const one of watched) isTrue(one, parts)
  for (const look of looksOfFault) {
    expect(look.isAnswered).toBe(!isDown)
    if (parts.length > 0) expect(look.away).not.toEqual([])
  }

  for (const service of services) expect(service.output()).not.toMatch(/uncaught|unhandled/i)
  for (const url of urls) expect(await outside.audit(url)).toMatchObject(NOTHING_LOST)
  await outside.stopLoad()
  for (const url of urls) expect(await outside.audit(url)).toMatchObject(NOTHING_LOST)
  expect(await outside.recordsLost(urls)).toBe(0)
  expect(outside.verdict()).toMatchObject({ overspent: 0, unknown: 0 })
  expect(recoveredMs).toBeLessThan(WELL_MS)
}

const NOTHING_LOST = { forgotten: 0, limitsLost: 0 }
const isReady = async (url: string) => {
  let said: unknown
  const ready = async () => {
    const reply = await ask('GET', `${url}/readyz`)
    said = reply?.body
    return reply?.status === 200
  }
  await soon('all is well', ready).catch((error) => expect.fail(`${error}: ${said}`))
}

/** `/readyz` names what keeps bids from being placed while it does, and nothing that the fault leaves alone. */
function isTrue({ looks, told }: Watched, parts: readonly Part[]) {
  const isStrange = (line: string) => !parts.some((part) => line.startsWith(part))
  const strange = looks.filter(({ away }) => away.some(isStrange))
  expect(strange.length, JSON.stringify(strange)).toBeLessThanOrEqual(looks.length * STRANGE_SHARE)
  for (const { atMs, bid } of told) {
    if (!PARTS.some((part) => part === bid)) continue
    const next = looks.findIndex((look) => look.atMs >= atMs)
    const at = next < 0 ? looks.length : next
    const near = looks.slice(Math.max(0, at - NEAR_LOOKS), at + NEAR_LOOKS)
    const isNamed = near.some(({ away }) => away.some((line) => line.startsWith(`${bid}: `)))
    expect(isNamed, JSON.stringify({ atMs, bid, near })).toBe(true)
  }
}

function tell(outside: Outside, watched: readonly Watched[], recoveredMs: number): void {
  const answers = JSON.stringify(Object.fromEntries(outside.answers))
  const looks = watched.flatMap((one) => one.looks)
  const away = looks.filter((look) => look.away.length > 0)
  const reasons = new Set(away.flatMap((look) => look.away))
  process.stdout.write(
    `${expect.getState().currentTestName}: well after ${Math.round(recoveredMs)} ms, ` +
      `not ready in ${away.length} of ${looks.length} looks (${[...reasons].join('; ') || 'never'}), ` +
      `${outside.acknowledged.length} bids placed, ${outside.auctionsWon} auctions won, answers ${answers}\n`,
  )
}

describe('with Redis, bids and auctions of two services while it', () => {
  const away: readonly Part[] = ['budget_store_unavailable']
  /** Keeps everything, as a Redis has to that keeps money. */
  const KEEPS = ['--appendonly', 'yes', '--appendfsync', 'everysec']

  async function redisWorld(...options: string[]) {
    const server = await startRedis(...KEEPS, ...options)
    onTestFinished(() => server.close())
    const proxy = await startProxy(server.port)
    onTestFinished(() => proxy.close())
    const say = async (command: string, ...args: string[]) => {
      const client = new Redis(server.url)
      await client.call(command, ...args)
      client.disconnect()
    }
    return { server, proxy, say, ...(await world({ REDIS_URL: `redis://127.0.0.1:${proxy.port}` }, 2)) }
  }
  type RedisWorld = Awaited<ReturnType<typeof redisWorld>>

  it.each<[string, (redis: RedisWorld) => Fault]>([
    ['is restarted', ({ server }) => ({ begin: server.kill, end: server.start, parts: away })],
    ['stands still', ({ server }) => ({ begin: server.pause, end: server.resume, parts: away })],
    ['refuses connections', ({ proxy }) => ({ begin: proxy.refuse, end: proxy.accept, parts: away })],
    ['does not answer', ({ proxy }) => ({ begin: () => proxy.cut('all'), end: proxy.heal, parts: away })],
    ['is slow', ({ proxy }) => ({ begin: () => proxy.delay(100), end: () => proxy.delay(0), parts: [] })],
    [
      'is too slow',
      ({ proxy }) => ({ begin: () => proxy.delay(3_000), end: () => proxy.delay(0), parts: away }),
    ],
    [
      'has no memory left',
      ({ say }) => ({
        begin: () => say('CONFIG', 'SET', 'maxmemory', '1'),
        end: () => say('CONFIG', 'SET', 'maxmemory', '0'),
        parts: away,
      }),
    ],
    [
      'is read-only',
      ({ say }) => ({
        begin: () => say('REPLICAOF', '127.0.0.1', '1'),
        end: () => say('REPLICAOF', 'NO', 'ONE'),
        parts: away,
      }),
    ],
  ])('%s', async (_, faultOf) => {
    const redis = await redisWorld()
    await during(redis, faultOf(redis))
  })

  it('has a full disk', async () => {
    const disk = smallDisk(undefined, DISK_MB)
    const redis = await redisWorld('--dir', disk.directory)
    await during(redis, { begin: () => disk.fill(50_000), end: () => disk.makeSpace(), parts: away })
  })
})

describe('with a ledger and records on a disk, bids and auctions while', () => {
  const both: readonly Part[] = ['budget_store_unavailable', 'records_unavailable']
  const on = (directory: string, workers = '0') =>
    world({ STORE: 'sqlite', DATA_DIR: directory, WORKERS: workers })

  it.each(['0', '2'])('it is full, with %s workers', async (workers) => {
    const disk = smallDisk(undefined, DISK_MB)
    const service = await on(disk.directory, workers)
    await during(service, { begin: () => disk.fill(50_000), end: () => disk.makeSpace(), parts: both })
  })

  it('it fails', async () => {
    const disk = smallDisk(undefined, DISK_MB)
    const service = await on(disk.directory)
    // A write past so many bytes is an error of the disk, not a lack of space.
    const limitFiles = (bytes: string) => service.services[0]?.limitFiles(bytes)
    await during(service, { begin: () => limitFiles('1'), end: () => limitFiles('unlimited'), parts: both })
  })

  it.skipIf(!mayMakeDisks)('it stands still', async () => {
    const disk = ext4Disk()
    await during(await on(disk.directory), { begin: disk.freeze, end: disk.thaw, parts: both })
  })

  it.skipIf(!mayMakeDisks)('it is slow', async () => {
    const disk = ext4Disk()
    let isOver = false
    let slowing: Promise<void> | undefined
    const slow = async () => {
      while (!isOver) {
        disk.freeze()
        await pause(150)
        disk.thaw()
        await pause(5)
      }
    }
    const end = async () => {
      isOver = true
      await slowing
    }
    const begin = () => {
      slowing = slow()
    }
    await during(await on(disk.directory), { begin, end, parts: [] })
  })

  it.skipIf(!mayMakeDisks)('it turns read-only, is taken away, repaired, and there again', async () => {
    const disk = ext4Disk()
    await during(await on(disk.directory), { begin: disk.fail, end: disk.repair, parts: both })
  })

  it('its service is killed, and started again', async () => {
    const killed = await on(smallDisk(undefined, DISK_MB).directory)
    const [service, url = ''] = [killed.services[0], killed.urls[0]]
    const end = async () => {
      await service?.start()
      await killed.outside.putCampaign(url)
    }
    await during(killed, { begin: () => service?.kill(), end, parts: [], isDown: true })
  })
})
