/** A request as it came over the wire. */
export interface WireRequest {
  readonly method: string
  /** Below the platform's base address, as in `/v26/customers/1/googleAds:mutate`. */
  readonly path: string
  readonly query: URLSearchParams
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

export interface WireAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** One platform's API with its state. */
export interface FakePlatform {
  /** @param applies false to answer as if the request were done, changing nothing (a silently ignored write) */
  handle(request: WireRequest, applies: boolean): WireAnswer
  /** The platform's real answer for an error of that name; undefined for a name it does not know. */
  error(name: string): WireAnswer | undefined
  /** Headers added to a normal answer that says how much of the quota is used; empty where there are none. */
  usage(percent: number): Record<string, string>
  /** What a person may want to see. */
  state(): unknown
}

export const json = (status: number, body: unknown, headers: Record<string, string> = {}): WireAnswer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})

/** A number of 64 bits travels as text. */
export const int64 = (value: number): string => String(value)

export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
