import { hasErrorCode, messageOf } from '../../errors.ts'

/**
 * Why a file cannot be used. `locked`: another process uses it. `damaged`: its content is not what was written.
 * `unwritable`: the directory or the disk refuses writes. `foreign`: it is another kind of file, or of another version.
 */
export type DiskFault = 'locked' | 'damaged' | 'unwritable' | 'foreign'

/** The error when a file cannot be opened; its message is for operators. */
export class DiskError extends Error {
  override readonly name = 'DiskError'
  readonly fault: DiskFault

  constructor(fault: DiskFault, message: string) {
    super(message)
    this.fault = fault
  }
}

/** What a failed write means. */
export type WriteFailure =
  /** Nothing was written; the same can be written once there is space. */
  | { readonly is: 'full'; readonly detail: string }
  /** It is unknown what is on the disk; nothing may be written before the file was read again. */
  | { readonly is: 'broken'; readonly detail: string }

/** SQLITE_FULL. */
const FULL = 13
/** SQLITE_IOERR_SHMSIZE: the index of the write-ahead log could not grow, which means a full disk as well. */
const IOERR_SHMSIZE = 10 | (19 << 8)

/**
 * Classifies the error of a write. Only lack of space may be retried: after any other disk error a repeated write or fsync
 * can succeed although data was lost.
 */
export function writeFailure(error: unknown): WriteFailure {
  const code = codeOf(error)
  const detail = messageOf(error)
  if (code === FULL || code === IOERR_SHMSIZE || hasErrorCode(error, 'ENOSPC'))
    return { is: 'full', detail: 'the disk is full' }
  return { is: 'broken', detail: `${detail} (SQLite error ${code ?? 'unknown'})` }
}

/** The extended result code of a SQLite error; undefined for other errors. */
export function codeOf(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode
    : undefined
}

/** Codes by which programs distinguish errors: Node's code, and SQLite's with its meaning. */
export interface Codes {
  readonly code?: unknown
  readonly errcode?: unknown
  readonly errstr?: unknown
}

/** The codes of an error as plain values: fields of an error object are lost between threads. */
export function codesOf(error: unknown): Codes {
  if (!(error instanceof Error)) return {}
  const { code, errcode, errstr }: Error & Codes = error
  return JSON.parse(JSON.stringify({ code, errcode, errstr }))
}
