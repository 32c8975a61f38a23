const MAX_LENGTH = 200
/** Read at all: bounds the work an endless body can cause. */
const MAX_READ = 2_000
/** Long runs with a digit in them: tokens. Enum names have no digits, ids of these platforms are shorter. */
const SECRET = /(?=[A-Za-z_.|+=~-]*\d)[\w.|+=~-]{20,}/g

/**
 * A platform's own words, fit for a log line: one line, at most 200 characters, without anything that looks like a
 * token (Meta quotes a malformed access token in its error).
 */
export const detailOf = (text: string): string =>
  text.slice(0, MAX_READ).replaceAll(SECRET, '[hidden]').replaceAll(/\s+/g, ' ').trim().slice(0, MAX_LENGTH)
