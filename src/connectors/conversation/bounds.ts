const MIB = 1024 ** 2

/** Limits on one answer; an answer beyond them is broken off. */
export interface Bounds {
  /** Milliseconds from the first byte sent to the last one received: for a single answer, and for one with rows. */
  readonly answerMs: number
  readonly downloadMs: number
  /** Bytes as received: of a single answer, and of one with rows. */
  readonly answerBytes: number
  readonly downloadBytes: number
  /** Bytes of a zipped file after unzipping; of an archive, all files together. */
  readonly unpackedBytes: number
  /** Rows of one answer; beyond it, as beyond the bytes, fewer dates are requested. */
  readonly downloadRows: number
  /** Bytes of one record; an endless one would fill the memory. */
  readonly recordBytes: number
  /** Requests of one conversation, including repetitions. */
  readonly calls: number
}

export const DEFAULT_BOUNDS: Bounds = {
  answerMs: 60_000,
  downloadMs: 600_000,
  answerBytes: 16 * MIB,
  downloadBytes: 512 * MIB,
  unpackedBytes: 4096 * MIB,
  downloadRows: 1_000_000,
  recordBytes: MIB,
  calls: 5_000,
}

/** Thrown for a complete file that is not the ordered one. Repeating would not help. */
export class NotAsOrdered extends Error {
  override readonly name = 'NotAsOrdered'
}

export const tooLong = (bytes: number): NotAsOrdered =>
  new NotAsOrdered(`a record is longer than ${bytes} bytes`)

/** Thrown for an answer with more than the limits allow. */
export class TooMuch extends Error {
  override readonly name = 'TooMuch'
}
