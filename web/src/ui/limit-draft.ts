import type { LimitInput } from '../api/client.ts'
import { type AnyLimit, limitKey } from './limit-name.ts'

/** A limit as it stands in the form; numbers are as they were typed. */
export interface LimitDraft {
  /** Tells rows of the form apart. */
  readonly id: number
  readonly kind: LimitInput['kind']
  readonly windowMinutes: string
  readonly timezone: string
  readonly max: string
}

/** Longest sliding window, in minutes: 31 days. */
const MAX_WINDOW_MINUTES = 44_640
let lastId = 0

export function newDraft(limit?: AnyLimit): LimitDraft {
  lastId += 1
  return {
    id: lastId,
    kind: limit?.kind ?? 'day',
    windowMinutes: String((limit?.windowSeconds ?? 600) / 60),
    timezone: limit?.timezone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone,
    max: limit === undefined ? '' : String(limit.max),
  }
}

/** The limit that a draft asks for, or what is wrong with it. */
export function limitOf({ kind, windowMinutes, timezone, max }: LimitDraft): LimitInput | string {
  const amount = Number(max)
  if (max.trim() === '' || !(amount >= 0)) return 'A limit needs an amount of 0 or more'
  if (kind === 'lifetime') return { kind, max: amount }
  if (kind === 'day')
    return timezone.trim() === ''
      ? 'A day needs a time zone'
      : { kind, timezone: timezone.trim(), max: amount }
  const windowSeconds = Number(windowMinutes) * 60
  if (!Number.isInteger(windowSeconds) || windowSeconds < 1 || windowSeconds > MAX_WINDOW_MINUTES * 60)
    return 'A window needs a length of whole seconds, up to 31 days'
  return { kind, windowSeconds, max: amount }
}

/** Whether new limits allow nothing that the present ones refuse: then nobody needs to be asked. */
export function isLower({ limits }: { limits: readonly AnyLimit[] }, next: readonly AnyLimit[]): boolean {
  return limits.every((limit) =>
    next.some((one) => limitKey(one) === limitKey(limit) && one.max <= limit.max),
  )
}
