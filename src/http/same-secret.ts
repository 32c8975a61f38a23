import { hash, timingSafeEqual } from 'node:crypto'

/** Whether two texts are the same, in a time that tells neither where they differ nor how long the expected one is. */
export const isSameSecret = (given: string, expected: string): boolean =>
  timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', expected, 'buffer'))
