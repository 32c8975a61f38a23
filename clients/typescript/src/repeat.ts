/** A call is sent so often again at most. */
const MAX_REPEATS = 3
/** Longest wait between two of them, in milliseconds; what is asked to wait longer is told so instead. */
const MAX_WAIT_MS = 30_000

/** Sends requests as `fetch` does. */
export type Send = (request: Request) => Promise<Response>

/**
 * Sends again what the service says to send again later, once that time is over. Only what does no harm when it is done
 * twice: reads, and calls with an `Idempotency-Key`. Everything else is answered as it was.
 */
export function withRepeats(send: Send): Send {
  return async (request) => {
    if (!isRepeatable(request)) return send(request)
    for (let repeats = 0; ; repeats++) {
      // A body can be read once only.
      const response = await send(request.clone())
      const waitMs = repeats < MAX_REPEATS ? waitBefore(response) : undefined
      if (waitMs === undefined) return response
      await response.body?.cancel()
      await waitFor(waitMs, request.signal)
    }
  }
}

const isRepeatable = ({ method, headers }: Request): boolean =>
  method === 'GET' || headers.has('idempotency-key')

/** Milliseconds after which a request is sent again; undefined where it is not. */
function waitBefore({ status, headers }: Response): number | undefined {
  if (status !== 429 && status !== 503) return undefined
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  return seconds >= 0 && seconds * 1_000 <= MAX_WAIT_MS ? seconds * 1_000 : undefined
}

/** Resolves after a time, and rejects with the reason of the signal once it is aborted. */
export function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', giveUp)
      resolve()
    }, ms)
    if (signal.aborted) giveUp()
    else signal.addEventListener('abort', giveUp, { once: true })
  })
}
