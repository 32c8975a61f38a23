import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as after } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { parseJson } from '../../src/json/json.ts'
import { listenUntilEnd } from '../support/local-server.ts'
import { folder, listening, type Started, start } from '../support/service.ts'

const KILLING = new URL('../support/kill-at-change.ts', import.meta.url).href
const NUMBER = '100000000000001'
const SECRET = 'sandbox-whatsapp-secret'
const LOOK_MS = 50
const MESSAGES = '/api/v1/conversions/messages'

/** What becomes of a call, and whether the process is killed meanwhile. */
type Moment = 'before_it_is_taken' | 'before_the_answer' | 'with_the_answer' | undefined

interface Taken {
  readonly callback: string
  readonly id: string
}

/** WhatsApp, which recognises nothing: what is taken twice is read twice. */
async function startWhatsApp() {
  const whatsapp = {
    url: '',
    calls: [] as string[],
    taken: [] as Taken[],
    moment: undefined as Moment,
    kill: () => {},
  }
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const callback = String(JSON.parse(text).biz_opaque_callback_data)
    const { moment } = whatsapp
    whatsapp.calls.push(callback)
    if (moment === 'before_it_is_taken') {
      whatsapp.kill()
      request.socket.destroy()
      return
    }
    const id = `wamid.${whatsapp.taken.length + 1}`
    whatsapp.taken.push({ callback, id })
    if (moment !== undefined) whatsapp.kill()
    if (moment === 'before_the_answer') {
      request.socket.destroy()
      return
    }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ messaging_product: 'whatsapp', messages: [{ id }] }))
  })
  return Object.assign(whatsapp, { url: await listenUntilEnd(server) })
}

/** Undefined where the service ended before it answered. */
const answered = (asked: Promise<Response>): Promise<Response | undefined> => asked.catch(() => undefined)

function tell(url: string, { callback, id }: Taken, status: string): Promise<Response | undefined> {
  const one = { id, status, timestamp: '1795860000', biz_opaque_callback_data: callback }
  const value = { metadata: { phone_number_id: NUMBER }, statuses: [one] }
  const body = JSON.stringify({
    object: 'whatsapp_business_account',
    entry: [{ changes: [{ field: 'messages', value }] }],
  })
  const signature = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`
  const headers = { 'content-type': 'application/json', 'x-hub-signature-256': signature }
  return answered(fetch(`${url}/api/v1/conversions/webhooks/whatsapp`, { method: 'POST', headers, body }))
}

const hasEnded = ({ child }: Started): boolean => child.exitCode !== null || child.signalCode !== null

async function killed(service: Started): Promise<void> {
  if (hasEnded(service)) return
  const exit = once(service.child, 'exit')
  service.child.kill('SIGKILL')
  await exit
}

const KNOWN = new Set(['accepted', 'sent', 'delivered', 'unknown'])

it('a message is sent once at most and never lost, whenever the process is killed', async () => {
  const whatsapp = await startWhatsApp()
  const dataDir = folder()
  const environment = {
    ...{ PORT: '0', LOG_LEVEL: 'error', STORE: 'memory', MOCK_MODE: 'true', DATA_DIR: dataDir },
    CONVERSION_APIS: JSON.stringify({ whatsapp: { cloud: { baseUrl: whatsapp.url } } }),
  }
  let count = 0
  const shown = async (url: string, id: string): Promise<Record<string, unknown> | undefined> => {
    const response = await answered(fetch(`${url}${MESSAGES}/${id}`))
    return response && parseJson(await response.text())
  }
  const post = (url: string, number: number) =>
    answered(
      fetch(`${url}${MESSAGES}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          message_id: `m${number}`,
          to: `+1650555${1_000 + number}`,
          template: { name: 'hello_world', language: 'en_US' },
        }),
      }),
    )
  /** Waits until nothing of a message is under way any more, or the service has ended. */
  const known = async (
    service: Started,
    url: string,
    number: number,
  ): Promise<Record<string, unknown> | undefined> => {
    for (;;) {
      const one = await shown(url, `m${number}`)
      if (one === undefined || hasEnded(service)) return undefined
      if (KNOWN.has(String(one['state']))) return one
      await after(LOOK_MS)
    }
  }

  /** Sends one message while the process is killed; then the next process says what became of it. */
  async function round(moment: Moment, killAt: number): Promise<boolean> {
    const number = ++count
    const service = start({
      ...environment,
      ...(killAt > 0 && {
        ...{ NODE_OPTIONS: `--import ${KILLING}`, KILL_OF: 'conversion_messages', KILL_AT: String(killAt) },
      }),
    })
    const url = await listening(service)
    Object.assign(whatsapp, { moment, kill: () => service.child.kill('SIGKILL') })
    const calls = whatsapp.calls.length
    const first = await post(url, number)
    const own = await known(service, url, number)
    const mine = () => whatsapp.taken.filter(({ callback }) => callback === whatsapp.calls[calls])
    for (const status of own ? ['sent', 'delivered'] : [])
      for (const one of mine()) await tell(url, one, status)
    const wasKilled = moment !== undefined || (await shown(url, `m${number}`)) === undefined
    await killed(service)

    whatsapp.moment = undefined
    const next = start(environment)
    const nextUrl = await listening(next)
    // Who got no answer sends again, as a caller does.
    if (first === undefined) await post(nextUrl, number)
    const found = await known(next, nextUrl, number)
    const title = `${moment ?? 'kill'} ${killAt}: ${JSON.stringify(found)}`
    const [call, ...more] = whatsapp.calls.slice(calls)
    expect(more, title).toEqual([])
    for (const one of mine()) expect((await tell(nextUrl, one, 'delivered'))?.status, title).toBe(200)
    // What WhatsApp has taken is settled; what it has not is unknown, and is not sent again.
    const settled = await shown(nextUrl, `m${number}`)
    expect(settled?.['state'], title).toBe(mine().length > 0 ? 'delivered' : 'unknown')
    if (call === undefined) expect(settled, title).toMatchObject({ state: 'unknown', attempts: 1 })
    await killed(next)
    return wasKilled
  }

  for (const moment of ['before_it_is_taken', 'before_the_answer', 'with_the_answer'] as const)
    await round(moment, 0)
  let kills = 0
  while (await round(undefined, kills + 1)) kills += 1
  // Stored, taken by the worker, accepted, and two statuses.
  expect(kills).toBe(5)
  expect(new Set(whatsapp.calls).size).toBe(whatsapp.calls.length)

  // Nothing goes out later either: by the time that another message is through, all that was due has been looked at.
  const before = whatsapp.calls.length
  await round(undefined, 0)
  expect(whatsapp.calls.length).toBe(before + 1)
})
