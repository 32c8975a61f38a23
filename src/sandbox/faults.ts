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

/** What goes wrong. Where the name says nothing else, nothing is applied. */
export const Fault = z.discriminatedUnion('is', [
  /** Everything as usual, `ms` later. */
  z.strictObject({ is: z.literal('latency'), ms: z.int().min(0) }),
  /** Waits for `release()` before anything is applied, then goes on as usual, even if the caller has left. */
  z.strictObject({ is: z.literal('hold') }),
  /** Applied; the answer waits for `release()`. */
  z.strictObject({ is: z.literal('hold_after') }),
  /** The platform's own error of this name. */
  z.strictObject({ is: z.literal('error'), name: z.string() }),
  /** An HTML page as a proxy in front of the platform would send it. */
  z.strictObject({ is: z.literal('http'), status }),
  /** Applied, then the same page. */
  z.strictObject({ is: z.literal('http_after'), status }),
  /** This in place of an answer, or of a file. */
  z.strictObject({
    is: z.literal('instead'),
    status: z.int().min(200).max(599).default(200),
    headers: z.record(z.string(), z.string()).default({}),
    text: z.string(),
  }),
  /** Connection reset. */
  z.strictObject({ is: z.literal('reset') }),
  /** Applied, connection reset. */
  z.strictObject({ is: z.literal('reset_after') }),
  /** Applied; the answer is cut off in the middle of its JSON. */
  z.strictObject({ is: z.literal('malformed') }),
  /** The Trade Desk, PUT only: 200 with the entity as it was. */
  z.strictObject({ is: z.literal('ignored') }),
  /** Meta, a change of an object only: called a success, and not made. */
  z.strictObject({ is: z.literal('not_made') }),
  /** A look at a report or a task that is being made: it has failed, by an answer that is a success itself. */
  z.strictObject({ is: z.literal('job_failed') }),
  /** The Trade Desk, PUT only: applied, answered with its 240 and no body. */
  z.strictObject({ is: z.literal('no_content') }),
  /** Meta: a normal answer whose usage headers say `percent`. */
  z.strictObject({ is: z.literal('usage'), percent: z.number().min(0) }),
])
export type Fault = z.output<typeof Fault>

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
    times: z.union([z.int().min(1), z.literal('always')]).default(1),
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
  /** Adds a rule behind the earlier ones; the first that fits a request and fires decides. Throws ZodError for a bad rule. */
  add(rule: FaultRule): void
  /** Forgets all rules. What is already held stays held. */
  clear(): void
  /** Lets everything go on that is held now. */
  release(): void
  /** How many requests are held now. */
  held(): number
  /** Resolves as soon as at least `count` requests are held. */
  whenHeld(count: number): Promise<void>
}

/** The script with the hands of the server. */
export interface FaultDesk extends FaultScript {
  /** The fault of a request, which is used up by asking. */
  take(target: Target, method: string, path: string): Fault | undefined
  /** Waits for `release()`: true. On `shut()`: false. */
  hold(): Promise<boolean>
  /** Ends all holds, now and later. */
  shut(): void
}

export function createFaults(): FaultDesk {
  const random = seeded(20261120)
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

/** Faults of changes alone, by the method that makes them. */
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

/** Mulberry32: the same script goes wrong at the same requests every time. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
