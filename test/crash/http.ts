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

/** A request and its whole answer; undefined where there was none, or only a part. */
export async function ask(method: string, address: string, body?: unknown): Promise<Reply | undefined> {
  try {
    const reply = await fetch(address, {
      method,
      headers: HEADERS,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await reply.text()
    return { status: reply.status, body: text.startsWith('{') ? JSON.parse(text) : text }
  } catch {
    return undefined
  }
}
