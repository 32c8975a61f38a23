import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { median } from './measure.ts'
import { anywhere, cpuSeconds, runClient, type Server, startServer } from './servers.ts'

const ROUNDS = 5
const EVENTS = 20_000
const A_REQUEST = 1_000
const AT_ONCE = 4
/** Of the door alone: so many requests a second with so many events each, for so many seconds. */
const [REQUESTS, EACH, SECONDS] = [50, 10, 8]
const AUCTIONS_PER_SECOND = 200
const SAMPLE = new URL('./openrtb-samples/01-desktop-news-300x250.json', import.meta.url)

/** From the door to a platform's acknowledgement, the door's times, and what auctions notice. */
export async function benchConversions(): Promise<void> {
  const row = (...cells: (string | number)[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`)
  row('figure', 'value', 'goal')
  row('---', '---', '---')
  for (const workers of [0, 1]) {
    const platform = await startServer('bench/cases/conversion-receiver.ts', {}, anywhere)
    const folder = mkdtempSync(join(tmpdir(), 'bidwarden-bench-'))
    const service = await startServer(
      'bin/bidwarden.cjs',
      environmentFor(platform, folder, workers),
      anywhere,
    )
    try {
      await (workers === 0 ? doorAndPlatform(service, platform, row) : auctions(service, row))
    } finally {
      service.stop()
      platform.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

const environmentFor = (platform: Server, folder: string, workers: number) => ({
  ...{ STORE: 'sqlite', DATA_DIR: folder, MOCK_MODE: 'true', LOG_LEVEL: 'error', WORKERS: String(workers) },
  OPENRTB_BUDGET: '9000000000',
  // A late event loop is what is measured, so it must not be hidden by requests that are answered without a bid.
  OPENRTB_SHED_ABOVE_MS: '100000',
  CONVERSION_APIS: JSON.stringify({ meta: { graph: { baseUrl: platform.url } } }),
  CONVERSION_EVENTS_PER_MINUTE: JSON.stringify({ meta: 1_000_000_000 }),
})

type PrintRow = (...cells: (string | number)[]) => void

async function doorAndPlatform(service: Server, platform: Server, row: PrintRow): Promise<void> {
  const rates: number[] = []
  const processor: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const before = cpuSeconds(service)
    const started = performance.now()
    const numbers = Array.from({ length: EVENTS / A_REQUEST }, (_, at) => at)
    const post = async () => {
      for (let at = numbers.shift(); at !== undefined; at = numbers.shift())
        await send(service, eventsOf(`r${round}-${at}`, A_REQUEST))
    }
    await Promise.all(Array.from({ length: AT_ONCE }, post))
    while ((await takenBy(platform)) < EVENTS * (round + 1)) await after(5)
    rates.push(EVENTS / ((performance.now() - started) / 1_000))
    processor.push((cpuSeconds(service) - before) / (EVENTS / 1_000))
  }
  row('door to acknowledgement, SQLite, events/s', Math.round(median(rates.slice(1))), '≥ 5000')
  row('processor time of it, ms for 1000 events', Math.round(median(processor.slice(1)) * 1_000), '')
  const times = await paced(service)
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(1)
  row(`the door at ${REQUESTS * EACH} events/s, p50 · p99 ms`, `${at(0.5)} · ${at(0.99)}`, 'p99 ≤ 20')
}

/** Milliseconds of requests that come at their time, whether those before are answered or not; sorted. */
async function paced(service: Server): Promise<number[]> {
  const times: number[] = []
  const running: Promise<void>[] = []
  const started = performance.now()
  for (let number = 0; number < REQUESTS * SECONDS; number++) {
    const dueMs = started + (number * 1_000) / REQUESTS
    await after(Math.max(0, dueMs - performance.now()))
    running.push(
      send(service, eventsOf(`p${number}-${started}`, EACH)).then(
        () => void times.push(performance.now() - dueMs),
      ),
    )
  }
  await Promise.all(running)
  return times.toSorted((a, b) => a - b)
}

async function auctions(service: Server, row: PrintRow): Promise<void> {
  const idle: number[] = []
  const busy: number[] = []
  const url = `${service.url}/openrtb2/example/bid`
  const script = [
    'bench/cases/paced-client.ts',
    url,
    readFileSync(SAMPLE, 'utf8'),
    String(AUCTIONS_PER_SECOND),
  ]
  const p99 = async () => Number(JSON.parse(await runClient(script)).p99Ms)
  for (let round = 0; round < ROUNDS; round++) {
    idle.push(await p99())
    let isOver = false
    const load = (async () => {
      for (let number = 0; !isOver; number++) {
        const sent = send(service, eventsOf(`a${round}-${number}`, EACH))
        await after(1_000 / REQUESTS)
        await sent
      }
    })()
    busy.push(await p99())
    isOver = true
    await load
  }
  const [before, meanwhile] = [median(idle), median(busy)]
  row(
    'auctions with a worker, p99 ms without · with conversions',
    `${before.toFixed(1)} · ${meanwhile.toFixed(1)}`,
    '',
  )
  row('ratio', (meanwhile / before).toFixed(2), '≤ 1.20')
}

const takenBy = async (platform: Server) => Number(await (await fetch(`${platform.url}/taken`)).text())

async function send(service: Server, events: readonly object[]): Promise<void> {
  const response = await fetch(`${service.url}/api/v1/conversions/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ events }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(text)
}

function eventsOf(name: string, count: number): object[] {
  const event_time = new Date().toISOString()
  return Array.from({ length: count }, (_, at) => ({
    ...{ event_id: `${name}-${at}`, event_name: 'purchase', event_time, action_source: 'website' },
    ...{ event_source_url: 'https://shop.example/thanks', platforms: ['meta'] },
    user_data: {
      ...{ email: `ann${name}${at}@x.example`, phone: `+1650555${1_000 + (at % 9_000)}` },
      ...{
        first_name: 'Ann',
        last_name: `Lee${at}`,
        city: 'San Jose',
        state: 'CA',
        zip: '94070',
        country: 'US',
      },
      client_user_agent: 'Mozilla/5.0',
    },
    custom_data: { value: 49.9, currency: 'USD' },
  }))
}
