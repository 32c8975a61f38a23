import { LRUCache } from 'lru-cache'

/** Longest privacy string that is decoded, in characters; the longest real ones have about 2,000. */
const MAX_CHARACTERS = 4_000
/** Number of decoded strings in the cache: users send the same string again and again. */
const MAX_CACHED = 2_000

/**
 * Caches the results of `read` for the latest privacy strings. The result is undefined where `read` throws, and for a text
 * that is too long.
 */
export function cachedReading<T>(read: (text: string) => T): (text: string) => T | undefined {
  const known = new LRUCache<string, { readonly is: T | undefined }>({ max: MAX_CACHED })
  return (text) => {
    if (text.length > MAX_CHARACTERS) return undefined
    const kept = known.get(text)
    if (kept) return kept.is
    const is = readOr(read, text)
    known.set(text, { is })
    return is
  }
}

function readOr<T>(read: (text: string) => T, text: string): T | undefined {
  try {
    return read(text)
  } catch {
    return undefined
  }
}
