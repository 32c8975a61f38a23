import { createServer } from 'node:http'
import { CommandError, plain } from './terminal.ts'

/** The parameters with which a platform sends the browser back. */
export interface LoginCode {
  readonly code: string
  readonly state: string
}

export interface CallbackListener {
  /** The address that the browser has to be sent back to. */
  readonly url: string
  /** Resolves with the first answer for `state`; rejects with {@link CommandError} when the person refuses. */
  granted(state: string): Promise<LoginCode>
  close(): void
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Listens on this machine for a browser that comes back from a platform.
 *
 * @param address where to listen, as it is registered with the platform; any free port where it names port 0
 */
export async function listenForCallback(address: string): Promise<CallbackListener> {
  const wanted = URL.canParse(address) ? new URL(address) : undefined
  if (wanted?.protocol !== 'http:' || !LOOPBACK.has(wanted.hostname))
    throw new CommandError(
      `--callback must be an http address of this machine, as http://localhost:3000/back`,
    )
  const { promise, resolve, reject } = Promise.withResolvers<LoginCode>()
  // Avoids an unhandled rejection if nobody waits for the answer.
  promise.catch(() => {})
  let expected: string | undefined

  const server = createServer((request, response) => {
    const came = new URL(request.url ?? '/', wanted)
    const [code, state] = [came.searchParams.get('code'), came.searchParams.get('state')]
    const error = came.searchParams.get('error_description') ?? came.searchParams.get('error')
    const isOurs = came.pathname === wanted.pathname && state !== null && state === expected
    const [status, text] = !isOurs
      ? [404, 'This is not the answer that was waited for.']
      : code === null
        ? [400, 'Nothing was connected. You can close this window.']
        : [200, 'Thank you. Go on in your terminal; you can close this window.']
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
    response.end(`${text}\n`)
    if (!isOurs) return
    if (code !== null) resolve({ code, state })
    else
      reject(
        new CommandError(`the platform did not connect the account: ${plain(error ?? 'it says nothing')}`),
      )
  })
  const host = wanted.hostname.replaceAll(/[[\]]/g, '')
  await new Promise<void>((listening, failed) => {
    server.once('error', ({ message }) =>
      failed(new CommandError(`cannot listen for the browser: ${message}`)),
    )
    server.listen(Number(wanted.port || 80), host, listening)
  })
  const bound = server.address()
  if (wanted.port === '0' && bound !== null && typeof bound === 'object') wanted.port = String(bound.port)
  return {
    url: wanted.href,
    granted(state) {
      expected = state
      return promise
    },
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
