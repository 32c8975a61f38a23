import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { type Sandbox, startSandbox } from '../../src/sandbox/index.ts'
import { systemClock } from '../../src/time/clock.ts'
import type { Fuzz } from './mutate.ts'

/** Every platform at one address: the sandbox, and in front of it what spoils its answers. */
export interface SpoiledPlatforms {
  readonly url: string
  readonly sandbox: Sandbox
  /** Answers that were not what the sandbox said. */
  readonly spoiled: number
  /** From now on this share of all answers is not what the sandbox said. */
  spoil(share: number): void
  close(): Promise<void>
}

const STATUSES = [200, 200, 200, 200, 204, 301, 400, 401, 403, 404, 409, 429, 500, 503] as const
/** White space before an answer that makes it long: such ones are parsed in slices. */
const MAX_PADDING_BYTES = 2_000_000
const HEADERS_OF_CONNECTION = new Set(['connection', 'content-length', 'transfer-encoding', 'keep-alive'])

export async function startSpoiledPlatforms({ mutated, below }: Fuzz): Promise<SpoiledPlatforms> {
  const sandbox = await startSandbox({ port: 0, clock: systemClock, reportMs: 20 })
  let share = 0
  let spoiled = 0
  let url = ''

  /** What the sandbox says, with our own address wherever it names its own. */
  async function honest(asked: IncomingMessage) {
    const body = await buffer(asked)
    const { method = 'GET', headers } = asked
    const passed = Object.entries(headers).filter(
      ([name, value]) => typeof value === 'string' && name !== 'host' && !HEADERS_OF_CONNECTION.has(name),
    )
    const answer = await fetch(sandbox.url + asked.url, {
      method,
      headers: Object.fromEntries(passed) as Record<string, string>,
      redirect: 'manual',
      ...(body.length > 0 && { body }),
    })
    const said = Object.fromEntries([...answer.headers].filter(([name]) => !HEADERS_OF_CONNECTION.has(name)))
    const content = Buffer.from(await answer.arrayBuffer())
    const isText = said['content-type']?.startsWith('application/zip') !== true
    return {
      status: answer.status,
      headers: said,
      content: isText ? content.toString('latin1').replaceAll(sandbox.url, url) : content.toString('latin1'),
    }
  }

  async function answer(asked: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, headers, content } = await honest(asked)
    const send = (code: number, text: string, more: Record<string, string> = {}) => {
      response.writeHead(code, { ...headers, ...more })
      response.end(code === 204 ? undefined : Buffer.from(text, 'latin1'))
    }
    if (below(1_000) >= share * 1_000) return send(status, content)
    spoiled += 1
    switch (below(12)) {
      case 0:
        asked.socket.destroy()
        return
      case 1:
        // Ends before it has said what it announced.
        response.writeHead(status, { ...headers, 'content-length': String(content.length + 10) })
        response.write(Buffer.from(content, 'latin1'), () => response.destroy())
        return
      case 2:
        return send(status, `${' '.repeat(below(MAX_PADDING_BYTES))}${mutated(content)}`)
      case 3:
        return send(429, mutated(content), { 'retry-after': ['1', '0', '-1', '9e9', 'soon'][below(5)] ?? '' })
      default:
        return send(STATUSES[below(STATUSES.length)] ?? status, mutated(content))
    }
  }

  const server = createServer((asked, response) => {
    answer(asked, response).catch(() => asked.socket.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  url = `http://127.0.0.1:${address.port}`
  return {
    url,
    sandbox,
    get spoiled() {
      return spoiled
    },
    spoil: (next) => {
      share = next
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await sandbox.close()
    },
  }
}
