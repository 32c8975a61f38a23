import createClient, { type Client } from 'openapi-fetch'
import type { paths } from './openapi.ts'
import { withRepeats } from './repeat.ts'

export interface BidwardenClientOptions {
  /** Where the service is, as in `https://bids.example.com`; empty in a page of its own. */
  readonly baseUrl: string
  /** API key; left out where the service knows none, or a cookie signs the caller in. */
  readonly key?: string
  /** Sends the requests; `fetch` of the platform where it is left out. */
  readonly fetch?: (request: Request) => Promise<Response>
}

/** A method for each kind of call: `client.GET('/v1/budgets')`. */
export type BidwardenClient = Client<paths>

/**
 * A client of the service at `baseUrl`. Its calls answer `{ data, error, response }` and do not throw for refusals;
 * {@link dataOf} turns one into its data. A call that may be repeated (a read, or one with an `Idempotency-Key`) is sent
 * again after the time that the service says in `Retry-After`.
 */
export function createBidwardenClient({ baseUrl, key, fetch }: BidwardenClientOptions): BidwardenClient {
  return createClient<paths>({
    baseUrl,
    // Looked up at each call, so that what replaces it later is used.
    fetch: withRepeats(fetch ?? ((request) => globalThis.fetch(request))),
    headers: {
      // A POST without a body needs it: a form of another page cannot send it.
      'x-requested-with': 'bidwarden-client',
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
  })
}
