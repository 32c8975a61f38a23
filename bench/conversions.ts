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
const [REQUESTS, EACH, SECONDS] = [50, 10, 4]
const AUCTIONS_PER_SECOND = 200
const SAMPLE = new URL('./openrtb-samples/01-desktop-news-300x250.json', import.meta.url)

/** From the door to a platform's acknowledgement, the door's times, and what auctions notice. */
export async function benchConversions(): Promise<void> {
  const row = (...cells: (string | number)[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`)
  row('figure', 'value', 'goal')
  row('---', '---', '---')
  await beside(0, async (service, platform) => {
    await throughput(service, platform, row)
    await door(service, row)
  })
  await beside(1, (service) => auctions(service, row))
}

/** Starts the service with so many workers, and a process that plays Meta for it. */
async function beside(
  workers: number,
  work: (service: Server, platform: Server) => Promise<void>,
): Promise<void> {
  const platform = await startServer('bench/cases/conversion-receiver.ts', {}, anywhere)
  const folder = mkdtempSync(join(tmpdir(), 'bidwarden-bench-'))
  try {
    const service = await startServer(
      'bin/bidwarden.cjs',
      environmentFor(platform, folder, workers),
      anywhere,
    )
    try {
      await work(service, platform)
    } finally {
      service.stop()
    }
  } finally {
    platform.stop()
    rmSync(folder, { recursive: true, force: true })
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

async function throughput(service: Server, platform: Server, row: PrintRow): Promise<void> {
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
}

/** The door's times, and those of a door that does nothing but keep what it is given, in turn. */
async function door(service: Server, row: PrintRow): Promise<void> {
  const peer = await startServer('bench/cases/durable-receiver.ts', {}, anywhere)
  const [ours, bare]: [number[], number[]] = [[], []]
  const [p99s, ratios]: [number[], number[]] = [[], []]
  try {
    for (let round = 0; round <= ROUNDS; round++) {
      const [own, other] = [await paced(service), await paced(peer)]
      // The first warms up.
      if (round === 0) continue
      ours.push(own.p50)
      bare.push(other.p50)
      p99s.push(own.p99)
      ratios.push(own.p99 / other.p99)
    }
  } finally {
    peer.stop()
  }
  const ms = (values: readonly number[]) => median(values).toFixed(1)
  const name = `the door at ${REQUESTS * EACH} events/s`
  row(`${name}, p50 · p99 ms`, `${ms(ours)} · ${ms(p99s)}`, 'p99 ≤ 20')
  row('p50 of a door that only keeps what it is given, ms', ms(bare), '')
  row('p99 of ours in times of its p99', median(ratios).toFixed(2), '')
}

/** Milliseconds of requests that come at their time, whether those before are answered or not. */
async function paced(service: Server): Promise<{ readonly p50: number; readonly p99: number }> {
  const times: number[] = []
  const running: Promise<void>[] = []
  const started = performance.now()
  for (let number = 0; number < REQUESTS * SECONDS; number++) {
    const dueMs = started + (number * 1_000) / REQUESTS
    await after(Math.max(0, dueMs - performance.now()))
    const sent = send(service, eventsOf(`p${number}-${started}`, EACH))
    running.push(sent.then(() => void times.push(performance.now() - dueMs)))
  }
  await Promise.all(running)
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0
  return { p50: at(0.5), p99: at(0.99) }
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
    const load = async () => {
      for (let number = 0; !isOver; number++)
        await Promise.all([send(service, eventsOf(`a${round}-${number}`, EACH)), after(1_000 / REQUESTS)])
    }
    const measured = async () => {
      try {
        busy.push(await p99())
      } finally {
        isOver = true
      }
    }
    await Promise.all([measured(), load()])
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
