import { messageOf } from '../errors.ts'

/**
 * Why a file cannot be used. `locked`: another process uses it. `damaged`: it is not what was written.
 * `unwritable`: the directory or the disk does not take it. `foreign`: the file is something else, or of another version.
 */
export type DiskFault = 'locked' | 'damaged' | 'unwritable' | 'foreign'

/** A file that cannot be opened; the message says why, in words for an operator. */
export class DiskError extends Error {
  override readonly name = 'DiskError'
  readonly fault: DiskFault

  constructor(fault: DiskFault, message: string) {
    super(message)
    this.fault = fault
  }
}

/** How a failed write is to be taken. */
export type WriteFailure =
  /** Nothing was written, and the same may be written once there is space. */
  | { readonly is: 'full'; readonly detail: string }
  /** What is on the disk is not known any more: nothing may be written until the file was read again. */
  | { readonly is: 'broken'; readonly detail: string }

const FULL = 13
/** The index of the write-ahead log could not grow, which is a full disk too. */
const IOERR_SHMSIZE = 10 | (19 << 8)

/**
 * After an error of the disk a repeated write or fsync may succeed though data was lost, so only a lack of space is ever
 * tried again.
 */
export function writeFailure(error: unknown): WriteFailure {
  const code = codeOf(error)
  const detail = messageOf(error)
  if (code === FULL || code === IOERR_SHMSIZE || hasNoSpace(error))
    return { is: 'full', detail: 'the disk is full' }
  return { is: 'broken', detail: `${detail} (SQLite error ${code ?? 'unknown'})` }
}

const hasNoSpace = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOSPC'

/** The extended result code of an error of SQLite. */
export function codeOf(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode
    : undefined
}

/** What programs tell errors apart by: Node's code, and SQLite's with its meaning. */
export interface Codes {
  readonly code?: unknown
  readonly errcode?: unknown
  readonly errstr?: unknown
}

/** As plain values, which travel between threads as an error's own fields do not. */
export function codesOf(error: unknown): Codes {
  if (!(error instanceof Error)) return {}
  const { code, errcode, errstr }: Error & Codes = error
  return JSON.parse(JSON.stringify({ code, errcode, errstr }))
}
