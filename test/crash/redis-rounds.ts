import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../support/free-port.ts'
import { patientClient } from '../support/redis-on-clock.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { startProxy } from '../support/tcp-proxy.ts'
import { ask } from './http.ts'
import { type Outside, startOutside } from './outside.ts'
import type { Report } from './report.ts'
import { type ServiceProcess, serviceProcess } from './service-process.ts'
import { pause, soon } from './wait.ts'

const SERVICES = 2
/** Kills of a process after which another campaign is bid on. */
const KILLS_PER_CAMPAIGN = 4
/** A process is killed at most so long after it began to listen. */
const LIFE_MS = 900
const KEEPS = ['--appendonly', 'yes', '--appendfsync', 'everysec']

/**
 * Two processes that share budgets in Redis, under load, through a network that can be cut. Redis is cut off, killed and
 * restarted with its data; then the processes are killed at random; then a replica that lacks the last writes takes
 * over; and the processes are killed again.
 */
export async function redisRounds(kills: number, seed: number): Promise<Report> {
  const opened: (() => unknown)[] = []
  const killTimes = seededRandom(seed + 1)
  const outside = await startOutside(seededRandom(seed), Math.ceil(kills / KILLS_PER_CAMPAIGN) + 4)
  opened.push(() => outside.close())
  let services: ServiceProcess[] = []
  try {
    const primary = await startRedis(...KEEPS)
    opened.push(() => primary.close())
    const replica = await startRedis(...KEEPS, '--replicaof', '127.0.0.1', String(primary.port))
    opened.push(() => replica.close())
    const proxy = await startProxy(primary.port)
    opened.push(() => proxy.close())
    services = await Promise.all(
      Array.from({ length: SERVICES }, () => replicaOf(outside, `redis://127.0.0.1:${proxy.port}`)),
    )
    opened.push(() => Promise.all(services.map((service) => service.close())))
    const urls = services.map(({ url }) => url)
    const audits = auditsOf(outside, urls)
    await Promise.all(services.map(startAgain))
    // A Redis that nobody has used may be one that forgot: an operator says which.
    await trust(urls)
    await outside.setLimits(urls[0] ?? '')
    for (const url of urls) await outside.putCampaign(url)
    outside.startLoad(urls)
    await outside.goesOn()

    proxy.cut('all')
    await failsClosed(outside, urls)
    proxy.heal()
    await outside.goesOn()
    await audits.look()

    await primary.kill()
    await failsClosed(outside, urls)
    await primary.start()
    // The first replica of a primary gives it a new replication id: to everyone, another Redis once more.
    await inStep(primary, replica)
    // By itself: everyone who took part is there to tell what Redis may have lost. Whoever died before it has told everything
    // would be waited for until its last hold could have been billed.
    await outside.goesOn()
    await nothingIsRefused(urls)
    await audits.look()

    const killSome = async (from: number, until: number) => {
      await Promise.all(
        services.map(async (service) => {
          for (let kill = from; kill < until; kill++) {
            await pause(killTimes() * LIFE_MS)
            await service.kill()
            await startAgain(service)
            if (kill % KILLS_PER_CAMPAIGN === 0) outside.aimAtNext()
            await audits.look()
          }
        }),
      )
    }
    const each = Math.ceil(kills / SERVICES)
    await killSome(0, Math.floor(each / 2))
    outside.aimAtNext()

    await outside.goesOn()
    await inStep(primary, replica)
    await command(replica, 'REPLICAOF', 'NO', 'ONE')
    // Written to the primary alone, and lost with it.
    await pause(1_000)
    await primary.kill()
    proxy.turnTo(replica.port)
    await failsClosed(outside, urls)
    // Of the owners that were killed nobody can tell, so an operator vouches when all others have.
    await allHaveTold(urls)
    await trust(urls)
    await outside.goesOn()
    await audits.look()

    await killSome(Math.floor(each / 2), each)
    outside.aimAtNext()
    await outside.goesOn()
    await outside.isLoad()
    await audits.look()
    await outside.stopLoad()
    await audits.look()
    return {
      store: 'redis',
      rounds: each * SERVICES,
      kills: each * SERVICES + 2,
      acknowledged: outside.acknowledged.length,
      won: outside.auctionsWon,
      answers: outside.answers,
      ...outside.verdict(),
      ...audits.result(),
      recordsLost: await outside.recordsLost(urls),
      ledger: '–',
    }
  } catch (error) {
    const stores = await Promise.all(services.map(({ url }) => ask('GET', `${url}/v1/store`)))
    const answers = JSON.stringify([stores, ...outside.answers])
    throw new Error(`${answers}\n${services.map((service) => service.output()).join('\n')}`, { cause: error })
  } finally {
    for (let close = opened.pop(); close; close = opened.pop()) await close()
  }
}

export async function replicaOf(outside: Outside, redisUrl: string): Promise<ServiceProcess> {
  const port = String(await freePort())
  const directory = mkdtempSync(join(tmpdir(), 'bidwarden-crash-'))
  const service = await serviceProcess({
    ...outside.environment(`http://127.0.0.1:${port}`),
    PORT: port,
    DATA_DIR: directory,
    REDIS_URL: redisUrl,
  })
  const close = async () => {
    await service.close()
    rmSync(directory, { recursive: true, force: true })
  }
  return { ...service, close }
}

/** As whatever looks after a process does: one that could not start, since its store was slow, is started again. */
export async function startAgain(service: ServiceProcess): Promise<void> {
  await soon('the service starts', () =>
    service.start().then(
      () => true,
      () => false,
    ),
  )
}

/** Compares records at any process that answers, and keeps the worst. */
function auditsOf(outside: Outside, urls: readonly string[]) {
  let forgotten = 0
  let limitsLost = 0
  const shares: number[] = []
  return {
    async look() {
      for (const url of urls) {
        const found = await outside.audit(url).catch(() => undefined)
        if (!found) continue
        forgotten = Math.max(forgotten, found.forgotten)
        limitsLost = Math.max(limitsLost, found.limitsLost)
        shares.push(...found.forfeitedShares)
      }
    },
    result: () => ({
      forgotten,
      limitsLost,
      forfeitedShare: shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length),
    }),
  }
}

/** Resolves when every process refuses because of the store, and none places anything any more. */
async function failsClosed(outside: Outside, urls: readonly string[]): Promise<void> {
  await soon('the service fails closed', async () => {
    const closed = urls.map(async (url) => {
      if ((await ask('GET', `${url}/readyz`))?.status === 503) return true
      // One that has found the promoted server already does not trust it.
      return (await ask('GET', `${url}/v1/store`))?.body.refusing.length > 0
    })
    return (await Promise.all(closed)).every(Boolean)
  })
  await outside.isRefused('budget_store_unavailable')
}

async function allHaveTold(urls: readonly string[]): Promise<void> {
  await soon('every process has told the new primary', async () => {
    const stores = await Promise.all(urls.map((url) => ask('GET', `${url}/v1/store`)))
    return stores.every((reply) => reply?.body.reachable === true && reply.body.refusing.length > 0)
  })
}

async function nothingIsRefused(urls: readonly string[]): Promise<void> {
  await soon('Redis grants everything again', async () => {
    const stores = await Promise.all(urls.map((url) => ask('GET', `${url}/v1/store`)))
    return stores.every((reply) => reply?.body.refusing.length === 0)
  })
}

export async function trust(urls: readonly string[]): Promise<void> {
  await soon(
    'an operator is heard',
    async () => (await ask('POST', `${urls[0]}/v1/store/trust`, {}))?.status === 200,
  )
}

/** Resolves when the replica has what the primary has. */
async function inStep(primary: RedisServer, replica: RedisServer): Promise<void> {
  const offset = async (server: RedisServer, name: string) =>
    Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(await command(server, 'INFO', 'replication'))?.[1] ?? 0)
  const isLinked = async () =>
    (await command(replica, 'INFO', 'replication')).includes('master_link_status:up')
  await soon('the replica has found the primary', isLinked)
  const wanted = await offset(primary, 'master_repl_offset')
  await soon('the replica is in step', async () => (await offset(replica, 'slave_repl_offset')) >= wanted)
}

async function command({ url }: RedisServer, name: string, ...args: string[]): Promise<string> {
  const client = patientClient(url)
  await client.connect()
  try {
    return String(await client.call(name, ...args))
  } finally {
    client.disconnect()
  }
}
