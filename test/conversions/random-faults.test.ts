import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { startConversions } from '../support/conversions.ts'
import { environmentOn } from '../support/postgres.ts'
import { seedOr } from '../support/seed.ts'

const PLATFORMS = ['meta', 'google', 'tiktok', 'snapchat'] as const
const SANDBOX = {
  meta: 'meta_conversions',
  google: 'google_data_manager',
  tiktok: 'tiktok_conversions',
  snapchat: 'snapchat_conversions',
} as const
const FAULTS = [
  { is: 'reset' },
  { is: 'reset_after' },
  { is: 'http', status: 502 },
  { is: 'http_after', status: 503 },
  { is: 'malformed' },
] as const
const STEP_MS = 20_000
const RUNS = 4

const databaseOf = async (engine: 'sqlite' | 'postgres') =>
  engine === 'sqlite' ? {} : environmentOn('PostgreSQL')

const World = fc.record({
  /** Numbers of events by request; the same number again is a repetition. */
  requests: fc.array(fc.array(fc.nat(60), { minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 4 }),
  /** Events that have something wrong that the door sees. */
  wrong: fc.uniqueArray(fc.nat(60), { maxLength: 5 }),
  /** Events that a platform refuses without saying which. */
  poison: fc.uniqueArray(fc.tuple(fc.constantFrom(...PLATFORMS), fc.nat(60)), { maxLength: 4 }),
  faults: fc.array(
    fc.tuple(fc.constantFrom(...PLATFORMS), fc.constantFrom(...FAULTS), fc.integer({ min: 1, max: 4 })),
    {
      maxLength: 6,
    },
  ),
})
type World = typeof World extends fc.Arbitrary<infer T> ? T : never

async function play(world: World, environment: Record<string, string>): Promise<void> {
  const { post, get, clock, sandbox, until, metrics } = await startConversions({
    CONVERSION_APIS: '{}',
    ...environment,
  })
  for (const [platform, fault, times] of world.faults)
    sandbox.faults.add({ platform: SANDBOX[platform], method: 'POST', times, fault })
  for (const [platform, number] of world.poison)
    sandbox.conversions.refuse(SANDBOX[platform], idOf(number), false)
  const statuses: string[] = []
  for (const numbers of world.requests) {
    const { body } = await post(numbers.map((number) => eventOf(number, world.wrong.includes(number))))
    statuses.push(...body.results.map(({ status }: { status: string }) => status))
    clock.advance(300)
  }
  const count = (status: string) => statuses.filter((one) => one === status).length
  const sent = new Set(world.requests.flat())
  const wrong = world.requests.flat().filter((number) => world.wrong.includes(number)).length
  const accepted = [...sent].filter((number) => !world.wrong.includes(number))
  expect(count('accepted') + count('duplicate') + count('rejected')).toBe(world.requests.flat().length)
  expect([count('accepted'), count('rejected')]).toEqual([accepted.length, wrong])

  const isOpen = ({ state }: { state: string }) => state !== 'acknowledged' && state !== 'dead'
  await until(
    '/api/v1/conversions/deliveries?limit=1000',
    ({ deliveries }) => !deliveries.some(isOpen),
    STEP_MS,
  )
  const { body } = await get('/api/v1/conversions/deliveries?limit=1000')
  expect(body.deliveries).toHaveLength(accepted.length * PLATFORMS.length)
  const metric = await metrics()
  const refusedAtDoor = 'bidwarden_conversion_events_total{platform="none",result="rejected"}'
  expect(metric(refusedAtDoor)).toBe(count('rejected'))
  for (const platform of PLATFORMS) {
    const dead = body.deliveries
      .filter((one: Record<string, string>) => one['platform'] === platform && one['state'] === 'dead')
      .map(({ event_id }: { event_id: string }) => event_id)
    const refused = world.poison.filter(([at, number]) => at === platform && accepted.includes(number))
    expect(dead.toSorted()).toEqual([...new Set(refused.map(([, number]) => idOf(number)))].toSorted())
    const { counted, doubled } = sandbox.conversions.counts()[SANDBOX[platform]]
    expect([platform, counted, doubled]).toEqual([platform, accepted.length - dead.length, 0])
    // The metrics say the same.
    const door = (result: string) =>
      metric(`bidwarden_conversion_events_total{platform="${platform}",result="${result}"}`)
    const deliveries = (result: string) =>
      metric(`bidwarden_conversion_deliveries_total{platform="${platform}",result="${result}"}`)
    expect([door('accepted'), door('duplicate')]).toEqual([accepted.length, count('duplicate')])
    expect([deliveries('acknowledged'), deliveries('dead')]).toEqual([counted, dead.length])
    const acknowledged = `bidwarden_conversion_acknowledgement_seconds_count{platform="${platform}"}`
    expect(metric(acknowledged)).toBe(counted)
  }
}

const idOf = (number: number): string => `e${number}`

const eventOf = (number: number, isWrong: boolean) => ({
  event_id: idOf(number),
  platforms: undefined,
  user_data: {
    email: `ann${number}@x.example`,
    client_ip_address: '203.0.113.7',
    client_user_agent: 'Mozilla/5.0',
  },
  ...(isWrong && { custom_data: { value: 1, currency: 'none' } }),
})

describe.each(['sqlite', 'postgres'] as const)('whatever fails, with %s', (engine) => {
  it('every event that was accepted is acknowledged once or dead, at each platform', async () => {
    await fc.assert(
      fc.asyncProperty(World, async (world) => play(world, await databaseOf(engine))),
      { numRuns: RUNS, seed: seedOr(20_261_128), endOnFailure: true },
    )
  })
})
