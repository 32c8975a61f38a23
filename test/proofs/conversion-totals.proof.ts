import { setTimeout as after } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { startSandbox } from '../../src/sandbox/index.ts'
import { systemClock } from '../../src/time/clock.ts'
import { event } from '../support/conversions.ts'
import { heapInUseMiB, PROBE } from '../support/probed.ts'
import { folder, listening, start } from '../support/service.ts'

/** `EVENTS=250000`, a million deliveries, has taken 17 minutes on a busy host. */
const EVENTS = Number(process.env['EVENTS'] ?? 100_000)
const A_REQUEST = 1_000
/** Events of a request that the one before had too. */
const REPEATED = 10
const POSTERS = 2
const WRONG = 101
const POISON = 9_973
const LOOK_MS = 500
/** By how much the heap may differ between two moments of the same load. */
const HEAP_MIB = 40
const PLATFORMS = {
  meta: ['graph', 'meta_conversions'],
  google: ['data_manager', 'google_data_manager'],
  tiktok: ['business', 'tiktok_conversions'],
  snapchat: ['conversions', 'snapchat_conversions'],
} as const
const NAMES = ['meta', 'google', 'tiktok', 'snapchat'] as const
const FAULTS = [
  { is: 'reset' },
  { is: 'reset_after' },
  { is: 'http', status: 502 },
  { is: 'http_after', status: 503 },
  { is: 'malformed' },
] as const

const idOf = (number: number): string => `e${number}`
/** At which platform an event is refused, however it comes; one of four in turn. */
const refusedAt = (number: number) =>
  number % POISON === 1 ? NAMES[Math.floor(number / POISON) % NAMES.length] : undefined

async function platforms() {
  const sandbox = await startSandbox({ port: 0, clock: systemClock, reportMs: 50 })
  onTestFinished(() => sandbox.close())
  for (const name of NAMES)
    for (const fault of FAULTS)
      sandbox.faults.add({
        ...{ platform: PLATFORMS[name][1], method: 'POST', times: 'always', probability: 0.01, fault },
      })
  for (let number = 1; number < EVENTS; number += POISON) {
    const name = refusedAt(number)
    if (name) sandbox.conversions.refuse(PLATFORMS[name][1], idOf(number), false)
  }
  // The service asks its own sandbox for access tokens; those of this one have the same names.
  const { clientId, clientSecret, refreshToken } = sandbox.credentials.googleAds
  for (let tokens = 0; tokens < 50; tokens++)
    await fetch(sandbox.urls.googleOauth, {
      method: 'POST',
      body: new URLSearchParams({
        ...{ client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken },
        grant_type: 'refresh_token',
      }),
    })
  return sandbox
}

const eventOf = (number: number) =>
  event({
    event_id: idOf(number),
    event_time: new Date().toISOString(),
    platforms: NAMES,
    user_data: {
      ...{ email: `ann${number}@x.example`, client_ip_address: '203.0.113.7' },
      client_user_agent: 'Mozilla/5.0',
    },
    ...(number % WRONG === 0 && { custom_data: { value: 1, currency: 'none' } }),
  })

it('every event of a great many is accepted, a duplicate or rejected, and ends at each platform', async () => {
  const sandbox = await platforms()
  const many = 1_000_000_000
  const service = start({
    ...{ PORT: '0', LOG_LEVEL: 'error', STORE: 'memory', MOCK_MODE: 'true', DATA_DIR: folder() },
    ...{ NODE_OPTIONS: `--import ${PROBE}`, API_RATE_LIMIT: '100000000/1' },
    CONVERSION_APIS: JSON.stringify(
      Object.fromEntries(
        NAMES.map((name) => {
          const [api, played] = PLATFORMS[name]
          return [name, { [api]: { baseUrl: sandbox.conversions.urls[played] } }]
        }),
      ),
    ),
    CONVERSION_EVENTS_PER_MINUTE: JSON.stringify(Object.fromEntries(NAMES.map((name) => [name, many]))),
  })
  const url = await listening(service)
  const ask = async (path: string) => (await fetch(`${url}${path}`)).text()

  const statuses = new Map<string, number>()
  let [posted, next, heapMiB] = [0, 0, 0]
  const post = async (from: number, to: number): Promise<void> => {
    const numbers = Array.from({ length: to - from }, (_, at) => from + at)
    const body = JSON.stringify({ events: numbers.map(eventOf) })
    for (;;) {
      const headers = { 'content-type': 'application/json' }
      const reply = await fetch(`${url}/api/v1/conversions/events`, { method: 'POST', headers, body })
      if (reply.status === 429) {
        await reply.text()
        await after(Number(reply.headers.get('retry-after') ?? 1) * 1_000)
        continue
      }
      expect(reply.status).toBe(200)
      const { results } = Object(await reply.json())
      expect(results).toHaveLength(numbers.length)
      for (const { status } of results) statuses.set(status, (statuses.get(status) ?? 0) + 1)
      posted += numbers.length
      return
    }
  }
  const poster = async () => {
    while (next < EVENTS) {
      const from = Math.max(0, next - REPEATED)
      next = Math.min(EVENTS, from + A_REQUEST)
      await post(from, next)
      if (heapMiB === 0 && next >= EVENTS / 5) heapMiB = await heapInUseMiB(service)
    }
  }
  await Promise.all(Array.from({ length: POSTERS }, poster))
  const lastMiB = await heapInUseMiB(service)

  const isOpen = async (state: string) =>
    !(await ask(`/api/v1/conversions/deliveries?limit=1&state=${state}`)).includes('"deliveries":[]')
  for (const state of ['pending', 'retrying', 'sent'] as const)
    while (await isOpen(state)) await after(LOOK_MS)
  // What was retried may be under way again.
  while ((await Promise.all(['retrying', 'sent', 'pending'].map(isOpen))).some(Boolean)) await after(LOOK_MS)

  const of = (status: string) => statuses.get(status) ?? 0
  expect(of('accepted') + of('duplicate') + of('rejected')).toBe(posted)
  const right = Array.from({ length: EVENTS }, (_, number) => number).filter((number) => number % WRONG !== 0)
  expect(of('accepted')).toBe(right.length)
  const metrics = await ask('/metrics')
  const counts = sandbox.conversions.counts()
  for (const name of NAMES) {
    const value = (series: string, result: string) =>
      Number(
        new RegExp(`^${series}\\{platform="${name}",result="${result}"\\} (\\d+)`, 'm').exec(metrics)?.[1],
      )
    const ended = (result: string) => value('bidwarden_conversion_deliveries_total', result)
    const poison = right.filter((number) => refusedAt(number) === name).length
    expect([name, value('bidwarden_conversion_events_total', 'accepted')]).toEqual([name, right.length])
    expect([name, ended('acknowledged'), ended('dead')]).toEqual([name, right.length - poison, poison])
    const { counted, doubled } = counts[PLATFORMS[name][1]]
    expect([name, counted, doubled]).toEqual([name, right.length - poison, 0])
  }
  const note = `heap ${heapMiB} MiB after a fifth, ${lastMiB} MiB at the end`
  expect(lastMiB - heapMiB, note).toBeLessThan(HEAP_MIB)
  process.stdout.write(`${EVENTS} events: ${JSON.stringify(Object.fromEntries(statuses))}, ${note}\n`)
})
