import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as after } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type PrivatePostgres, startPostgres } from '../support/postgres.ts'
import { listening, start } from '../support/service.ts'
import { smallDisk } from '../support/small-disk.ts'
import { startProxy, type TcpProxy } from '../support/tcp-proxy.ts'

/** How long each fault lasts, longer than a statement is waited for. */
const FAULT_MS = 14_000
/** Within which time all must be well again; a machine that is quiet takes a sixth of it. */
const WELL_MS = 60_000
/** An auction's answer on a machine that stands still now and then; less than a statement is waited for, which an auction must never be. */
const AUCTION_MS = 9_000

const CALLBACK = 'http://127.0.0.1:9/back'
const COMMON = { PORT: '0', LOG_LEVEL: 'warn', OPENRTB_SEATS: '[{"id":"example"}]', STORE: 'memory' }

/** The service with accounts that are connected, and what goes on around a fault: auctions, bids, fetches. */
async function startLoad(environment: Record<string, string>) {
  const service = start({ ...COMMON, ...environment })
  const url = await listening(service)
  const send = async (method: string, path: string, body?: object) => {
    const response = await fetch(url + path, {
      method,
      signal: AbortSignal.timeout(60_000),
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text }
  }
  const connect = async () => {
    const asked = { connector_type: 'META', callback_url: CALLBACK }
    const begun = await send('POST', '/api/v1/connectors/oauth/initiate', asked)
    const page = await fetch(begun.body.authorization_url, { redirect: 'manual' })
    const { code, state } = Object.fromEntries(new URL(page.headers.get('location') ?? '').searchParams)
    const done = await send('POST', '/api/v1/connectors/oauth/callback', { code, state })
    return String(done.body.connector_id)
  }
  const connection = await connect()
  const ask = () =>
    send('POST', '/api/v1/connectors/fetch', { connector_id: connection, report_type: 'campaigns' })

  const seen = {
    auctions: new Map<number, number>(),
    bids: new Map<number, number>(),
    reads: new Map<number, number>(),
  }
  let slowestMs = 0
  let isOver = false
  const count = (of: Map<number, number>, status: number): void => {
    of.set(status, (of.get(status) ?? 0) + 1)
  }
  const loop = async (everyMs: number, work: () => Promise<void>) => {
    while (!isOver) {
      await work()
      await after(everyMs)
    }
  }
  const auction = { id: '1', imp: [{ id: '1', banner: { w: 300, h: 250 } }] }
  const bid = {
    customerId: 'c',
    campaignId: 's',
    platform: 'google_ads',
    predictedLtv: 5,
    bidAmount: 0.01,
    dryRun: true,
  }
  const load = Promise.all([
    loop(20, async () => {
      const begunMs = performance.now()
      count(seen.auctions, (await send('POST', '/openrtb2/example/bid', auction)).status)
      slowestMs = Math.max(slowestMs, performance.now() - begunMs)
    }),
    loop(100, async () => count(seen.bids, (await send('POST', '/v1/bids', bid)).status)),
    ...[1, 2, 3, 4].map(() => loop(100, async () => count(seen.reads, (await ask()).status))),
  ])
  return {
    ...service,
    seen,
    slowestMs: () => slowestMs,
    /** A fetch that is asked for now is accepted and ends well. */
    async isWell() {
      const { status, body } = await ask()
      if (status !== 200) return false
      for (let look = 0; look < 50; look++) {
        const { body: request } = await send('GET', `/api/v1/connectors/requests/${body.request_id}`)
        if (request.status === 'completed') return true
        await after(100)
      }
      return false
    },
    async end() {
      isOver = true
      await load
    },
  }
}

/** Has the fault happen under load, and says how long it took until all was well after its end. */
async function during(environment: Record<string, string>, begin: () => unknown, end: () => unknown) {
  const load = await startLoad(environment)
  await expect.poll(() => load.isWell()).toBe(true)
  await begin()
  await after(FAULT_MS)
  await end()
  const endedMs = performance.now()
  while (!(await load.isWell()) && performance.now() - endedMs < WELL_MS) await after(200)
  const recoveredMs = performance.now() - endedMs
  await load.end()

  const { auctions, bids, reads } = load.seen
  process.stdout.write(
    `${expect.getState().currentTestName}: well after ${Math.round(recoveredMs)} ms, auctions ${JSON.stringify([...auctions])} slowest ${Math.round(load.slowestMs())} ms, reads ${JSON.stringify([...reads])}\n`,
  )
  expect(load.child.exitCode, load.output()).toBeNull()
  expect(recoveredMs).toBeLessThan(WELL_MS)
  // Money notices nothing of it.
  expect([...auctions.keys()].filter((status) => status !== 200 && status !== 204)).toEqual([])
  expect([...bids.keys()]).toEqual([200])
  expect(load.slowestMs()).toBeLessThan(AUCTION_MS)
  // Reads work or say why not.
  expect([...reads.keys()].filter((status) => status !== 200 && status !== 503)).toEqual([])
  return reads
}

describe('with PostgreSQL, fetches and auctions while it', () => {
  let server: PrivatePostgres
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server.stop())

  it.each([
    ['crashes', () => server.down('SIGQUIT'), () => server.up()],
    ['is restarted', () => server.down('SIGINT'), () => server.up()],
    ['stands still', () => server.pause(), () => server.resume()],
    ['is read-only', () => server.setReadOnly(true), () => server.setReadOnly(false)],
  ])('%s', async (_, begin, end) => {
    const reads = await during({ DATABASE_URL: await server.createDatabase() }, begin, end)
    expect(reads.get(503)).toBeGreaterThan(0)
  })

  it.each<[string, (proxy: TcpProxy) => unknown, (proxy: TcpProxy) => unknown]>([
    ['is slow', (proxy) => proxy.delay(400), (proxy) => proxy.delay(0)],
    ['does not answer', (proxy) => proxy.cut('replies'), (proxy) => proxy.heal()],
    ['refuses connections', (proxy) => proxy.refuse(), (proxy) => proxy.accept()],
  ])('%s', async (_, begin, end) => {
    const address = new URL(await server.createDatabase())
    const proxy = await startProxy(Number(address.port))
    onTestFinished(() => proxy.close())
    address.port = String(proxy.port)
    await during(
      { DATABASE_URL: address.href },
      () => begin(proxy),
      () => end(proxy),
    )
  })

  it('has a full disk', async () => {
    const disk = smallDisk(undefined, 512)
    const own = await startPostgres(disk.directory)
    onTestFinished(() => own.stop())
    // A server that cannot write what it needs to recover ends.
    own.supervise()
    const reads = await during(
      { DATABASE_URL: await own.createDatabase() },
      () => disk.fill(0),
      () => disk.makeSpace(),
    )
    expect(reads.get(503)).toBeGreaterThan(0)
  })
})

describe('with SQLite, fetches and auctions while', () => {
  it('its disk is full', async () => {
    const disk = smallDisk()
    const reads = await during(
      { DATA_DIR: disk.directory },
      () => disk.fill(0),
      () => disk.makeSpace(),
    )
    expect(reads.get(503)).toBeGreaterThan(0)
  })

  it('another process keeps it locked', async () => {
    const { directory } = smallDisk()
    let other: DatabaseSync | undefined
    await during(
      { DATA_DIR: directory },
      () => {
        other = new DatabaseSync(join(directory, 'bidwarden.db'), { timeout: 10_000 })
        other.exec('BEGIN IMMEDIATE')
      },
      () => other?.close(),
    )
  })
})
