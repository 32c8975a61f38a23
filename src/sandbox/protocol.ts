/** The platforms that take bids. The names are the product's, but the sandbox imports nothing of it. */
const BID_PLATFORMS = ['google_ads', 'meta', 'tradedesk'] as const
export type BidPlatform = (typeof BID_PLATFORMS)[number]

/** APIs that take events or messages. */
export const CONVERSION_APIS = [
  'meta_conversions',
  'google_data_manager',
  'google_ads_conversions',
  'tiktok_conversions',
  'snapchat_conversions',
  'whatsapp',
] as const
export type ConversionApi = (typeof CONVERSION_APIS)[number]

/** Everything that is played. Rules for faults and noted requests name it. */
export const TARGETS = [
  ...BID_PLATFORMS,
  'google_oauth',
  'ga4',
  'sheets',
  'dv360',
  'bid_manager',
  'amazon',
  'amazon_oauth',
  'resend',
  ...CONVERSION_APIS,
] as const
export type Target = (typeof TARGETS)[number]

/** One request as a platform of the sandbox sees it. */
export interface Call {
  readonly method: string
  /** Path below the platform's own prefix, decoded: `/v26.0/act_1`. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Headers
  readonly body: string
}

export interface SandboxReply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON, bytes as they are; undefined is an empty body. */
  readonly body: unknown
}

/** Answers a call and changes the state at once: no waiting, so every call is atomic. May throw {@link Refusal}. */
export type Handler = (call: Call) => SandboxReply

/** A platform's refusal, thrown inside a handler before it has changed anything. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly reply: SandboxReply

  constructor(reply: SandboxReply) {
    super(`HTTP ${reply.status}`)
    this.reply = reply
  }
}

export type JsonObject = Record<string, unknown>

export const isObject = (value: unknown): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/** The parsed text, or undefined if it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const bearerToken = (headers: Headers): string | undefined =>
  /^Bearer (\S+)$/.exec(headers.get('authorization') ?? '')?.[1]

/** How a platform answers, as {@link playCall} needs it. */
export interface Played {
  readonly handle: Handler
  /** The platform's own answer for an error that a fault names. */
  errorNamed(name: string, call: Call): SandboxReply
  /** Answers a question about a report or task: it could not be made. Only for platforms that make some. */
  readonly jobFailed?: Handler
  /** Answers a write as a success and changes nothing. Only for platforms that are known to do so. */
  readonly ignore?: Handler
}

/** A platform at its address in the sandbox. */
export interface Mounted {
  /** The beginning of its paths, such as `/meta`. */
  readonly prefix: string
  readonly target: Target
  readonly played: Played
}
