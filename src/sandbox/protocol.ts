/** The platforms the sandbox plays; the names are those of the product, which it does not import. */
const PLATFORMS = ['google_ads', 'meta', 'tradedesk'] as const
export type BidPlatform = (typeof PLATFORMS)[number]

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

/** What faults are scripted for, and requests noted of: the platforms, and what is only read. */
export const TARGETS = [
  ...PLATFORMS,
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

/** A platform's definite no, thrown from anywhere inside a handler before it has changed anything. */
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

/** The parsed text, or undefined where it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const bearerToken = (headers: Headers): string | undefined =>
  /^Bearer (\S+)$/.exec(headers.get('authorization') ?? '')?.[1]

/** A platform as the exchange plays it. */
export interface Played {
  readonly handle: Handler
  /** The platform's own answer for an error of its fault script. */
  errorNamed(name: string, call: Call): SandboxReply
  /** The answer to a look at a report or task: it could not be made. Only of platforms that make some. */
  readonly jobFailed?: Handler
  /** Answers a write as if it had been made, and makes nothing. Only of platforms that are known to do so. */
  readonly ignore?: Handler
}

/** A platform, and before which paths it is played. */
export interface Mounted {
  readonly prefix: string
  /** As it is named in rules for faults and in the ledger. */
  readonly target: Target
  readonly played: Played
}
