import { z } from 'zod'
import { isAmazonErrorName } from './amazon-dsp/errors.ts'
import { isAmazonOauthErrorName } from './amazon-dsp/oauth.ts'
import { isDataManagerErrorName } from './conversions/data-manager.ts'
import { isUploadErrorName } from './conversions/google-ads.ts'
import { isMetaConversionErrorName } from './conversions/meta.ts'
import { isSnapchatConversionErrorName } from './conversions/snapchat.ts'
import { isTikTokConversionErrorName } from './conversions/tiktok.ts'
import { isWhatsAppErrorName } from './conversions/whatsapp.ts'
import { isRpcErrorName } from './google/api.ts'
import { isOauthErrorName } from './google/oauth.ts'
import { isGoogleErrorName } from './google-ads/errors.ts'
import { isMetaErrorName } from './meta/errors.ts'
import { TARGETS, type Target } from './protocol.ts'
import { isResendErrorName } from './resend/api.ts'
import { isTradeDeskErrorName } from './tradedesk/errors.ts'

const status = z.int().min(400).max(599)

/** What goes wrong with a request. Unless a fault says otherwise, the request changes nothing. */
export const Fault = z.discriminatedUnion('is', [
  /** Everything as usual, `ms` milliseconds later. */
  z.strictObject({ is: z.literal('latency'), ms: z.int().min(0) }),
  /** Waits for `release()`, then applies the request and answers, even if the caller has left. */
  z.strictObject({ is: z.literal('hold') }),
  /** The request is applied; its answer waits for `release()`. */
  z.strictObject({ is: z.literal('hold_after') }),
  /** The platform's own error of this name. */
  z.strictObject({ is: z.literal('error'), name: z.string() }),
  /** An HTML page as a proxy in front of the platform would send it. */
  z.strictObject({ is: z.literal('http'), status }),
  /** The request is applied, then answered with the same page. */
  z.strictObject({ is: z.literal('http_after'), status }),
  /** This text in place of the answer or of a file. */
  z.strictObject({
    is: z.literal('instead'),
    status: z.int().min(200).max(599).default(200),
    headers: z.record(z.string(), z.string()).default({}),
    text: z.string(),
  }),
  /** The connection is reset. */
  z.strictObject({ is: z.literal('reset') }),
  /** The request is applied, then the connection is reset. */
  z.strictObject({ is: z.literal('reset_after') }),
  /** The request is applied; its answer is cut off in the middle of the JSON. */
  z.strictObject({ is: z.literal('malformed') }),
  /** The Trade Desk, PUT only: status 200 with the entity as it was. */
  z.strictObject({ is: z.literal('ignored') }),
  /** Meta, changes of an object only: answered as a success, and not made. */
  z.strictObject({ is: z.literal('not_made') }),
  /** A question about a report or task is answered with status 200, and the answer says that it has failed. */
  z.strictObject({ is: z.literal('job_failed') }),
  /** The Trade Desk, PUT only: applied, and answered with its status 240 and no body. */
  z.strictObject({ is: z.literal('no_content') }),
  /** Meta: a normal answer whose usage headers say `percent`. */
  z.strictObject({ is: z.literal('usage'), percent: z.number().min(0) }),
])
export type Fault = z.output<typeof Fault>

/** Whether a platform has an error of this name. */
const knowsError: Record<Target, (name: string) => boolean> = {
  google_ads: isGoogleErrorName,
  google_oauth: isOauthErrorName,
  meta: isMetaErrorName,
  tradedesk: isTradeDeskErrorName,
  ga4: isRpcErrorName,
  sheets: isRpcErrorName,
  dv360: isRpcErrorName,
  bid_manager: isRpcErrorName,
  amazon: isAmazonErrorName,
  amazon_oauth: isAmazonOauthErrorName,
  resend: isResendErrorName,
  meta_conversions: isMetaConversionErrorName,
  google_data_manager: isDataManagerErrorName,
  google_ads_conversions: isUploadErrorName,
  tiktok_conversions: isTikTokConversionErrorName,
  snapchat_conversions: isSnapchatConversionErrorName,
  whatsapp: isWhatsAppErrorName,
}
/** Faults that only some platforms can have. */
const ONLY_ON: Partial<Record<Fault['is'], readonly Target[]>> = {
  ignored: ['tradedesk'],
  not_made: ['meta'],
  no_content: ['tradedesk'],
  job_failed: ['meta', 'tradedesk', 'bid_manager', 'dv360', 'amazon'],
  usage: ['meta'],
}

export const FaultRule = z
  .strictObject({
    platform: z.enum(TARGETS),
    method: z.string().toUpperCase().optional(),
    /** Part of the path below the platform's prefix. */
    path: z.string().optional(),
    /** How many requests it is for. */
    times: z.union([z.int().min(1), z.literal('always')]).default(1),
    /** The chance that a request which fits has the fault. */
    probability: z.number().min(0).max(1).default(1),
    fault: Fault,
  })
  .superRefine(({ platform, fault }, context) => {
    const only = ONLY_ON[fault.is]
    if (only !== undefined && !only.includes(platform)) {
      const message = `${fault.is} exists on ${only.join(', ')} only`
      context.addIssue({ code: 'custom', path: ['fault'], message })
    }
    if (fault.is === 'error' && !knowsError[platform](fault.name)) {
      context.addIssue({ code: 'custom', path: ['fault', 'name'], message: `no such error of ${platform}` })
    }
  })
export type FaultRule = z.input<typeof FaultRule>

export interface FaultScript {
  /**
   * Adds a rule behind the earlier ones. Of the rules that fit a request, the first whose chance comes up decides.
   * Throws ZodError for a bad rule.
   */
  add(rule: FaultRule): void
  /** Forgets all rules. Requests that are held stay held. */
  clear(): void
  /** Lets all requests go on that are held now. */
  release(): void
  /** How many requests are held now. */
  held(): number
  /** Resolves as soon as at least `count` requests are held. */
  whenHeld(count: number): Promise<void>
}

/** The script as the server uses it. */
export interface ServedFaults extends FaultScript {
  /** The fault for a request, if any. Asking counts as one of the rule's `times`. */
  take(target: Target, method: string, path: string): Fault | undefined
  /** Resolves to true at `release()`, and to false at `shut()`. */
  hold(): Promise<boolean>
  /** Ends all holds, now and later. */
  shut(): void
}

export function createFaults(): ServedFaults {
  const random = seeded(SEED)
  let rules: { rule: z.output<typeof FaultRule>; left: number }[] = []
  let held: ((goOn: boolean) => void)[] = []
  let watchers: { count: number; resolve: () => void }[] = []
  let open = true

  function letGo(goOn: boolean) {
    const going = held
    held = []
    for (const resolve of going) resolve(goOn)
  }

  return {
    add(input) {
      const rule = FaultRule.parse(input)
      rules.push({ rule, left: rule.times === 'always' ? Number.POSITIVE_INFINITY : rule.times })
    },
    clear() {
      rules = []
    },
    release: () => letGo(true),
    held: () => held.length,
    whenHeld: (count) =>
      new Promise((resolve) => {
        if (held.length >= count) resolve()
        else watchers.push({ count, resolve })
      }),
    take(target, method, path) {
      const found = rules.find(
        ({ rule }) =>
          fits(rule, target, method, path) && (rule.probability === 1 || random() < rule.probability),
      )
      if (found === undefined) return undefined
      found.left -= 1
      if (found.left === 0) rules = rules.filter((rule) => rule !== found)
      return found.rule.fault
    },
    hold() {
      if (!open) return Promise.resolve(false)
      return new Promise((resolve) => {
        held.push(resolve)
        for (const watcher of watchers) if (held.length >= watcher.count) watcher.resolve()
        watchers = watchers.filter(({ count }) => count > held.length)
      })
    },
    shut() {
      open = false
      letGo(false)
    },
  }
}

/** Any constant: runs with the same rules and requests then have the same faults. */
const SEED = 20_261_120

/** The HTTP method of the requests that a fault is for; other faults are for all. */
const METHOD_OF: Partial<Record<Fault['is'], string>> = {
  ignored: 'PUT',
  no_content: 'PUT',
  not_made: 'POST',
}

const fits = (rule: z.output<typeof FaultRule>, target: Target, method: string, path: string): boolean =>
  rule.platform === target &&
  (rule.method === undefined || rule.method === method) &&
  (rule.path === undefined || path.includes(rule.path)) &&
  (METHOD_OF[rule.fault.is] ?? method) === method

/** Pseudo-random numbers from 0 up to 1 (Mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
