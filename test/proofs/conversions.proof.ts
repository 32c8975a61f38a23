import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as after } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { type Answer, type Receiver, refusal, startReceiver } from '../support/conversion-receiver.ts'
import { event } from '../support/conversions.ts'
import { startPostgres } from '../support/postgres.ts'
import { folder, listening, type Started, start } from '../support/service.ts'

const ROUNDS = Number(process.env['ROUNDS'] ?? 12)
const EVENTS = 60
const LOOK_MS = 100

function environmentFor(receiver: Receiver): Record<string, string> {
  return {
    ...{ PORT: '0', LOG_LEVEL: 'error', STORE: 'memory', MOCK_MODE: 'true' },
    CONVERSION_APIS: JSON.stringify({ meta: { graph: { baseUrl: receiver.url } } }),
    CONVERSION_EVENTS_PER_MINUTE: JSON.stringify({ meta: 1_000_000 }),
  }
}

/** Undefined where the service ended before it answered. */
async function asked(
  url: string,
  body?: object,
): Promise<Record<string, Record<string, string>[]> | undefined> {
  try {
    const response = await fetch(url, {
      ...(body && {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    })
    return JSON.parse(await response.text())
  } catch {
    return undefined
  }
}

const post = (url: string, ids: readonly string[]) =>
  asked(`${url}/api/v1/conversions/events`, {
    events: ids.map((event_id) => event({ event_id, event_time: new Date().toISOString() })),
  })

/** Resolves when so many events are acknowledged and none waits any more. */
async function whole(url: string, receiver: Receiver, events: number): Promise<void> {
  for (;;) {
    const open = await Promise.all(
      ['pending', 'sent', 'retrying'].map((state) =>
        asked(`${url}/api/v1/conversions/deliveries?limit=1&state=${state}`),
      ),
    )
    if (receiver.counted.size >= events && open.every((one) => one?.['deliveries']?.length === 0)) return
    await after(LOOK_MS)
  }
}

async function killed({ child }: Started): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

/** When the process is killed: what becomes of the call that is under way. */
const MOMENTS: readonly (Answer | undefined)[] = [{ is: 'cut' }, { is: 'take_and_cut' }, undefined]

it('loses nothing and counts nothing twice, whenever the process is killed', async () => {
  const receiver = await startReceiver()
  const dataDir = folder()
  const environment = { ...environmentFor(receiver), DATA_DIR: dataDir }
  const sent: string[] = []
  let unanswered: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const service = start(environment)
    const url = await listening(service)
    let calls = 0
    receiver.rule = () => {
      calls += 1
      if (calls < 1 + (round % 3)) return undefined
      service.child.kill('SIGKILL')
      return MOMENTS[Math.floor(round / 3) % MOMENTS.length]
    }
    const ids = Array.from({ length: EVENTS }, (_, at) => `r${round}-${at}`)
    sent.push(...ids)
    const parts = [unanswered, ids.slice(0, 20), ids.slice(20, 40), ids.slice(40)].filter(
      ({ length }) => length > 0,
    )
    const answers = await Promise.all(parts.map((part) => post(url, part)))
    // Who got no answer sends again, as a caller does.
    unanswered = parts.filter((_, at) => answers[at] === undefined).flat()
    if (service.child.signalCode === null && calls === 0) await after(LOOK_MS)
    await killed(service)
  }
  receiver.rule = () => undefined
  const service = start(environment)
  const url = await listening(service)
  if (unanswered.length > 0) await post(url, unanswered)
  await whole(url, receiver, sent.length)
  const shown = await asked(`${url}/api/v1/conversions/deliveries?limit=1000`)
  expect(new Set(shown?.['deliveries']?.map(({ state }) => state))).toEqual(new Set(['acknowledged']))
  expect(shown?.['deliveries']).toHaveLength(sent.length)
  expect([...receiver.counted.keys()].toSorted()).toEqual(sent.map((id) => `Purchase/${id}`).toSorted())
})

const KILLING = new URL('../support/kill-at-change.ts', import.meta.url).href

it.each(['conversion_events', 'conversion_deliveries'])(
  'loses nothing and counts nothing twice, whichever change of %s is the last of the process',
  async (table) => {
    const receiver = await startReceiver()
    const environment = { ...environmentFor(receiver), DATA_DIR: folder() }
    // The platform refuses one of four events without a word about which, so that there are halves and several calls.
    receiver.rule = ({ body }) =>
      body.data.some(({ event_id }) => String(event_id).endsWith('bad')) ? refusal(100) : undefined
    let kills = 0
    for (let isOver = false; !isOver; ) {
      const round = kills + 1
      const killing = { KILL_OF: table, KILL_AT: String(round), NODE_OPTIONS: `--import ${KILLING}` }
      const service = start({ ...environment, ...killing })
      const url = await listening(service)
      const ids = ['a', 'bad', 'b', 'c'].map((name) => `${table}-${round}-${name}`)
      const settled = async (at: string) => {
        for (;;) {
          const shown = await asked(`${at}/api/v1/conversions/deliveries?limit=4`)
          const rows = shown?.['deliveries']
          if (!rows) return undefined
          const isOurs = rows.length === 4 && rows.every(({ event_id = '' }) => ids.includes(event_id))
          if (isOurs && rows.every(({ state }) => state === 'acknowledged' || state === 'dead')) return rows
          await after(LOOK_MS)
        }
      }
      const first = await post(url, ids)
      isOver = first !== undefined && (await settled(url)) !== undefined
      if (!isOver) kills += 1
      await killed(service)
      const next = start(environment)
      const nextUrl = await listening(next)
      if (first === undefined) await post(nextUrl, ids)
      const states = (await settled(nextUrl))?.map(({ event_id, state }) => [event_id, state])
      const wanted = ids.map((id) => [id, id.endsWith('bad') ? 'dead' : 'acknowledged'])
      expect(states?.toSorted(), `kill ${round}`).toEqual(wanted.toSorted())
      for (const id of ids)
        expect([id, receiver.counted.has(`Purchase/${id}`)]).toEqual([id, !id.endsWith('bad')])
      await killed(next)
    }
    expect(kills).toBeGreaterThanOrEqual(table === 'conversion_events' ? 1 : 3)
  },
)

it('is sent once by two processes on one database, and wholly when one of them is killed', async () => {
  const receiver = await startReceiver()
  const postgres = await startPostgres()
  onTestFinished(() => postgres.stop())
  const environment = {
    ...environmentFor(receiver),
    DATABASE_URL: await postgres.createDatabase(),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  }
  const first = start(environment)
  const urls = [await listening(first)]
  const second = start(environment)
  urls.push(await listening(second))
  const send = (prefix: string) =>
    Promise.all(
      Array.from({ length: 20 }, (_, part) =>
        post(
          urls[part % 2] ?? '',
          Array.from({ length: 100 }, (_one, at) => `${prefix}${part}-${at}`),
        ),
      ),
    )
  await send('a')
  await whole(urls[1] ?? '', receiver, 2_000)
  expect([receiver.counted.size, receiver.repeated]).toEqual([2_000, 0])

  let calls = 0
  receiver.rule = () => {
    calls += 1
    if (calls !== 3) return undefined
    first.child.kill('SIGKILL')
    return { is: 'take_and_cut' }
  }
  const answers = await send('b')
  const taken = answers.filter((answer) => answer !== undefined).length
  await whole(urls[1] ?? '', receiver, 2_000 + taken * 100)
  const states = await asked(`${urls[1]}/api/v1/conversions/dead-letters`)
  expect(states?.['dead_letters']).toEqual([])
})
