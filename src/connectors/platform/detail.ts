const MAX_LENGTH = 200
/** Most characters of an answer that are read, which bounds the work. */
const MAX_READ = 2_000
/** Runs of characters of which tokens are made. */
const RUN = /[\w.|+=~-]+/g
/** Tokens are long runs with a digit. Enum names have no digits, and ids of these platforms are shorter. */
const isSecret = (run: string): boolean => run.length >= 20 && /\d/.test(run)

/**
 * A platform's message for a log: one line of at most 200 characters, without anything that looks like a token (Meta
 * quotes a malformed access token in its error).
 */
export const detailOf = (text: string): string =>
  text
    .slice(0, MAX_READ)
    .replaceAll(RUN, (run) => (isSecret(run) ? '[hidden]' : run))
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, MAX_LENGTH)
    .toWellFormed()
