import { Agent, type OutgoingHttpHeaders, request } from 'node:http'
import { text } from 'node:stream/consumers'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answered {
  readonly status: number
  readonly body: string
}

/** Longer than any answer may take; what is not answered by then was forgotten. */
const PATIENCE_MS = 120_000

/** Asks the service as any HTTP client would, over a few connections. */
export function createCaller(address: string, key: string, connections: number) {
  const { hostname: host, port } = new URL(address)
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const send = ({ method, path, body = '', headers = {} }: Asked): Promise<Answered> =>
    new Promise((resolve, reject) => {
      const all: OutgoingHttpHeaders = {
        authorization: `Bearer ${key}`,
        ...(body !== '' && {
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(body)),
        }),
        ...headers,
      }
      const sent = request({ host, port, agent, method, path, headers: all, timeout: PATIENCE_MS })
      sent.on('response', (answer) => {
        text(answer).then((said) => resolve({ status: answer.statusCode ?? 0, body: said }), reject)
      })
      sent.on('timeout', () => sent.destroy(new Error(`${method} ${path} was not answered`)))
      sent.on('error', reject)
      sent.end(body)
    })
  return {
    send,
    /** What is answered with 2xx, read; undefined for anything else. */
    async json(asked: Omit<Asked, 'body'> & { readonly body?: object }) {
      const { status, body } = await send({ ...asked, body: asked.body ? JSON.stringify(asked.body) : '' })
      return status < 300 ? JSON.parse(body) : undefined
    },
    close: () => agent.destroy(),
  }
}

export type Caller = ReturnType<typeof createCaller>
