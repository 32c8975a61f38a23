import { Agent, type IncomingMessage, type RequestListener, request, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream'
import { problemAnswer } from '../api/index.ts'
import { AppError } from '../errors.ts'

/** Headers of one connection, which mean nothing on the next (RFC 9110, section 7.6.1). */
const OF_THE_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

export interface Forwarder {
  readonly forward: RequestListener
  close(): void
}

/**
 * Has requests answered by the server behind a socket of the file system, with everything that the caller has said.
 * Whatever comes back is passed on as it comes; where nothing does, the answer is 503.
 */
export function createForwarder(socketPath: string): Forwarder {
  const agent = new Agent({ keepAlive: true })
  return {
    forward(asked, response) {
      const onward = request({
        agent,
        socketPath,
        method: asked.method,
        path: asked.url,
        headers: headersOf(asked),
        setDefaultHeaders: false,
      })
      onward.on('response', (answer) => passOn(answer, response))
      onward.on('error', () => fail(response))
      // Who goes away before the answer is there wants it no longer.
      response.on('close', () => onward.destroy())
      // Errors on either side end the other one; the answer is told of them above.
      pipeline(asked, onward, () => undefined)
    },
    close: () => agent.destroy(),
  }
}

/** Names and values as they came, also of repeated ones. */
function headersOf({ rawHeaders, headers }: IncomingMessage): string[] {
  const kept = pairsOf(rawHeaders)
  // The parser has taken the chunks apart; the next server needs some again.
  if (headers['transfer-encoding'] !== undefined) kept.push('transfer-encoding', 'chunked')
  return kept
}

function pairsOf(raw: readonly string[]): string[] {
  const kept: string[] = []
  for (let i = 0; i < raw.length; i += 2) {
    const [name = '', value = ''] = raw.slice(i, i + 2)
    if (!OF_THE_CONNECTION.has(name.toLowerCase())) kept.push(name, value)
  }
  return kept
}

function passOn(answer: IncomingMessage, response: ServerResponse): void {
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage, pairsOf(answer.rawHeaders))
  // An answer that breaks off breaks off here too.
  pipeline(answer, response, (error) => {
    if (error) response.destroy()
  })
}

function fail(response: ServerResponse): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const { status, body, headers } = problemAnswer(
    new AppError(
      'outcome_unknown',
      'The service ended before it had answered; it may have done what was asked',
    ),
  )
  response.writeHead(status, headers)
  response.end(JSON.stringify(body))
}
