import { DAY_MS } from './events.ts'

/** Meta's id of a click: `fb.subdomain.milliseconds.id`, and what Meta's own code may add behind it. */
export const FBC = /^fb\.[0-2]\.(\d{13})\.[\w-]+(?:\.\w{2,8})?$/
/** Meta's id of a browser. */
export const FBP = /^fb\.[0-2]\.\d{10,13}\.\d+(?:\.\w{2,8})?$/
/** Meta refuses clicks that are older than the event by more, and with one the whole call. */
export const MAX_CLICK_AGE_MS = 90 * DAY_MS

/** When the click was, as its id says: Unix ms; NaN where it is no such id. */
export const clickTimeMs = (fbc: string): number => Number(FBC.exec(fbc)?.[1])
