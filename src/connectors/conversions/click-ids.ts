import { DAY_MS } from './events.ts'

/**
 * Meta's click id: `fb.subdomain.milliseconds.id`, optionally followed by two or eight URL-safe base64 characters that
 * Meta's parameter builders append. The subdomain is the number of dots in the cookie's host name, at most 126.
 */
export const FBC = /^fb\.\d{1,3}\.(\d{13})\.([\w-]+)(?:\.(?:[\w-]{2}|[\w-]{8}))?$/
/** Meta's browser id, in the same form. */
export const FBP = /^fb\.\d{1,3}\.\d{10,13}\.\d+(?:\.(?:[\w-]{2}|[\w-]{8}))?$/
/** Meta refuses a click that is older than the event by more than this, and with it the whole call; in milliseconds. */
export const MAX_CLICK_AGE_MS = 90 * DAY_MS

/** The time of a click by its id, in Unix ms; NaN for a text that is no click id. */
export const clickTimeMs = (fbc: string): number => Number(FBC.exec(fbc)?.[1])

/** The `fbclid` in a click id; undefined for a text that is no click id. */
export const clickIdOf = (fbc: string): string | undefined => FBC.exec(fbc)?.[2]
