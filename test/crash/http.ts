import { pause } from './wait.ts'

/** The key of every service under test; it may do everything. */
const KEY = 'crash-test'
const HEADERS = { 'content-type': 'application/json', authorization: `Bearer ${KEY}` }

/** What `API_KEYS` says of the key. */
export const KEY_NAME = KEY

export interface Reply {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects of a body
  readonly body: any
}

/** A connection that a killed process had just been given may stay without an answer and without an end. */
const ANSWER_MS = 15_000

/** A request and its whole answer; undefined where there was none, or only a part. */
export async function ask(method: string, address: string, body?: unknown): Promise<Reply | undefined> {
  try {
    const reply = await fetch(address, {
      method,
      headers: HEADERS,
      signal: AbortSignal.timeout(ANSWER_MS),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await reply.text()
    return { status: reply.status, body: text.startsWith('{') ? JSON.parse(text) : text }
  } catch {
    return undefined
  }
}

/** Asks again while there is no answer, for a while. */
export async function askOften(method: string, address: string): Promise<Reply | undefined> {
  for (let tries = 0; tries < 600; tries++) {
    const reply = await ask(method, address)
    if (reply) return reply
    await pause(100)
  }
  return undefined
}
