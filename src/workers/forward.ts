import { Agent, type IncomingMessage, type RequestListener, request, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream'
import { problemAnswer } from '../api/index.ts'
import { AppError } from '../errors.ts'

/** Headers that apply to one connection only and are not forwarded (RFC 9110, section 7.6.1). */
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
 * Forwards whole requests to the server behind a Unix socket and streams its answers back. If that server cannot be
 * reached, or ends before it answers, the answer is 504 `outcome_unknown`.
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
      // A caller that disconnects before the answer no longer wants it.
      response.on('close', () => onward.destroy())
      // An error on either side ends the other; the answer is handled above.
      pipeline(asked, onward, () => undefined)
    },
    close: () => agent.destroy(),
  }
}

/** The headers as received, as a flat list of names and values; repeated ones stay repeated. */
function headersOf({ rawHeaders, headers }: IncomingMessage): string[] {
  const kept = pairsOf(rawHeaders)
  // The parser has decoded the chunks, so the forwarded body is chunked again.
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
  // If the answer breaks off, the caller's connection is broken off too.
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
      'The service ended before it had answered; it may have carried out the request',
    ),
  )
  response.writeHead(status, headers)
  response.end(JSON.stringify(body))
}
