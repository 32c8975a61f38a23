import { createServer, type IncomingHttpHeaders } from 'node:http'
import { standardKey } from '../../src/http/standard-webhooks.ts'
import { checkStandard } from '../../src/sync/webhooks/index.ts'
import { goOn, type Harness } from './harness.ts'
import { listenUntilEnd } from './local-server.ts'

export const NOTIFY_SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

export interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** What a receiver answers: a status with headers, or nothing, ever. */
export type Reaction = { readonly status: number; readonly headers?: Record<string, string> } | 'hang'

export interface Receiver {
  readonly url: string
  readonly received: Received[]
  /** From now on. */
  react(reaction: Reaction): void
  /** The events it was sent, in the order they came. */
  events(): { id: string; type: string; subject: string; data: Record<string, unknown> }[]
}

/** An address that is told of events, and answers 204 until it is told otherwise. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = []
  let reaction: Reaction = { status: 204 }
  const server = createServer(async (request, response) => {
    const now = reaction
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() })
    if (now !== 'hang') response.writeHead(now.status, now.headers).end()
  })
  const url = await listenUntilEnd(server)
  return {
    url: `${url}/hook`,
    received,
    react(next) {
      reaction = next
    },
    events: () => received.map(({ body }) => JSON.parse(body)),
  }
}

/** Real time passes so many turns before fake time does: what is under way must not run out of time on a slow machine. */
const TURNS_PER_SECOND = 200

/** Lets fake time pass until the receiver was sent so much, in all, and has answered. */
export async function told(
  { get, clock }: Pick<Harness, 'get' | 'clock'>,
  { received }: Receiver,
  count: number,
) {
  for (let turn = 1; received.length < count; turn++) {
    if (turn > 20_000) throw new Error('it was never sent')
    await goOn()
    const { notifications } = (await get('/v1/notifications?status=waiting&limit=1000')).body
    const waits = notifications.map(
      (one: { nextAttemptAt: string }) => Date.parse(one.nextAttemptAt) - clock.nowMs(),
    )
    const leastMs = Math.min(...waits)
    if (received.length >= count) break
    if (waits.length === 0 || turn % TURNS_PER_SECOND === 0) clock.stall(1_000)
    // Each second it is looked for what is due.
    else if (leastMs > 0) clock.stall(leastMs + 1_000)
  }
  await goOn()
}

/** Whether a receiver that follows the specification takes it for ours. */
export function isGenuine({ headers, body }: Received, secret: string, nowMs: number): boolean {
  if (!standardKey(secret)) throw new Error('no key')
  const delivery = { headers: (name: string) => headers[name]?.toString(), body: Buffer.from(body) }
  return checkStandard(delivery, secret, nowMs).is === 'genuine'
}
