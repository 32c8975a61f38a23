import createClient, { type Client } from 'openapi-fetch'
import type { paths } from './openapi.ts'
import { errorOf, ForeignAnswerError } from './problem.ts'
import { withRepeats } from './repeat.ts'
import { type Connect, readStream, type StreamEvent, type StreamOptions } from './stream.ts'

export interface BidwardenClientOptions {
  /** Where the service is, as in `https://bids.example.com`; empty in a page of its own. */
  readonly baseUrl: string
  /** API key; left out where the service knows none, or a cookie signs the caller in. */
  readonly key?: string
  /** Sends the requests; `fetch` of the platform where it is left out. */
  readonly fetch?: (request: Request) => Promise<Response>
}

/** A method for each kind of call: `client.GET('/v1/budgets')`. */
export interface BidwardenClient extends Client<paths> {
  /**
   * What happens, as it happens: `for await (const { event, data } of client.stream({ signal }))`. A connection that breaks
   * is taken up again after its last event, until `signal` is aborted. After `open` without `resumed`, and after `reset`,
   * what is known from before may be out of date. Throws a `ProblemError` where the service lets the caller not in.
   */
  stream(options: StreamOptions): AsyncGenerator<StreamEvent, void>
}

/**
 * A client of the service at `baseUrl`. Its calls answer `{ data, error, response }` and do not throw for refusals;
 * {@link dataOf} turns one into its data. A call that may be repeated (a read, or one with an `Idempotency-Key`) is sent
 * again after the time that the service says in `Retry-After`.
 */
export function createBidwardenClient({ baseUrl, key, fetch }: BidwardenClientOptions): BidwardenClient {
  // Looked up at each call, so that what replaces it later is used.
  const send = fetch ?? ((request: Request) => globalThis.fetch(request))
  const client = createClient<paths>({
    baseUrl,
    fetch: withRepeats(send),
    headers: {
      // A POST without a body needs it: a form of another page cannot send it.
      'x-requested-with': 'bidwarden-client',
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
  })
  const connect: Connect = async (lastEventId, signal) => {
    const { data, error, response } = await client.GET('/v1/stream', {
      parseAs: 'stream',
      // A stream repeats by itself, and says so meanwhile.
      fetch: send,
      cache: 'no-store',
      signal,
      params: lastEventId === undefined ? {} : { header: { 'Last-Event-ID': lastEventId } },
    })
    if (!response.ok) throw errorOf(error, response)
    const isEvents = response.headers.get('content-type')?.startsWith('text/event-stream')
    if (!data || !isEvents) throw new ForeignAnswerError(response.url, response.status)
    return data
  }
  return Object.assign(client, { stream: (options: StreamOptions) => readStream(connect, options) })
}
