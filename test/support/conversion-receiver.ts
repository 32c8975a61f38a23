import { createServer, type IncomingMessage } from 'node:http'
import { listenUntilEnd } from './local-server.ts'

export interface ReceivedCall {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: { readonly data: readonly Record<string, unknown>[] }
}

/** What the receiver does with a call, in place of taking it. `cut`: the connection breaks. */
export type Answer =
  | { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly is: 'cut' }
  /** Takes the events, and the connection breaks before the answer. */
  | { readonly is: 'take_and_cut' }

export interface Receiver {
  readonly url: string
  readonly calls: ReceivedCall[]
  /** How often each event was counted, by name and id: never more than once, as Meta has it. */
  readonly counted: Map<string, number>
  /** Repetitions that were recognised. */
  repeated: number
  /** Decides what becomes of the next calls; undefined takes them. */
  rule: (call: ReceivedCall) => Answer | undefined
}

/** Plays Meta's endpoint for events, with what a test wants to go wrong. */
export async function startReceiver(): Promise<Receiver> {
  const receiver: Receiver = {
    url: '',
    calls: [],
    counted: new Map(),
    repeated: 0,
    rule: () => undefined,
  }
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const call: ReceivedCall = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      body: text === '' ? { data: [] } : JSON.parse(text),
    }
    receiver.calls.push(call)
    const answer = receiver.rule(call)
    if (answer && 'is' in answer) {
      if (answer.is === 'take_and_cut') take(call)
      request.socket.destroy()
      return
    }
    if (answer) {
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body))
      return
    }
    take(call)
    response.writeHead(200, { 'content-type': 'application/json' })
    const received = call.body.data.length
    response.end(
      JSON.stringify(
        call.method === 'GET'
          ? { id: '1' }
          : { events_received: received, messages: [], fbtrace_id: `t${receiver.calls.length}` },
      ),
    )
  })
  function take({ body }: ReceivedCall): void {
    for (const { event_name, event_id } of body.data) {
      const key = `${event_name}/${event_id}`
      if (receiver.counted.has(key)) receiver.repeated += 1
      else receiver.counted.set(key, 1)
    }
  }
  return Object.assign(receiver, { url: await listenUntilEnd(server) })
}

/** Meta's refusal of a whole call. */
export const refusal = (code: number, error_subcode?: number, status = 400): Answer => ({
  status,
  body: {
    error: { message: 'Invalid parameter', type: 'OAuthException', code, error_subcode, fbtrace_id: 'r' },
  },
})
