/** Longest name of a time zone that is accepted, in characters; the length of the database's column. */
const MAX_TIME_ZONE_CHARS = 64

/**
 * Whether a text names a time zone: every name that `Intl.DateTimeFormat` takes, so also the current names of zones that
 * `Intl.supportedValuesOf` lists by their old ones (Asia/Kolkata, Europe/Kyiv), links (US/Pacific, Etc/UTC) and offsets (+05:30).
 */
export function isTimeZone(name: string): boolean {
  if (name.length > MAX_TIME_ZONE_CHARS) return false
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
