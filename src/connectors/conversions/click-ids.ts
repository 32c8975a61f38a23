import { DAY_MS } from './events.ts'

/**
 * Meta's id of a click: `fb.subdomain.milliseconds.id`, and two or eight characters of URL-safe base64 that Meta's parameter builders add.
 * The subdomain says how many dots the name has on which the cookie is set; no name has more than 126.
 */
export const FBC = /^fb\.\d{1,3}\.(\d{13})\.([\w-]+)(?:\.(?:[\w-]{2}|[\w-]{8}))?$/
/** Meta's id of a browser, made likewise. */
export const FBP = /^fb\.\d{1,3}\.\d{10,13}\.\d+(?:\.(?:[\w-]{2}|[\w-]{8}))?$/
/** Meta refuses clicks that are older than the event by more, and with one the whole call. */
export const MAX_CLICK_AGE_MS = 90 * DAY_MS

/** When the click was, as its id says: Unix ms; NaN where it is no such id. */
export const clickTimeMs = (fbc: string): number => Number(FBC.exec(fbc)?.[1])

/** What the address of the page had as `fbclid`; undefined where it is no id of a click. */
export const clickIdOf = (fbc: string): string | undefined => FBC.exec(fbc)?.[2]
