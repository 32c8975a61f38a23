import { closeSync, openSync, readSync } from 'node:fs'
import { hasErrorCode } from '../../errors.ts'
import { DiskError } from './disk-error.ts'

/** Lengths of the header of a log and of each frame's, in bytes. */
const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
/** Magic number of a log; its last bit says whether checksums are big-endian. See SQLite's "WAL File Format". */
const MAGIC = 0x377f0682

interface Log {
  readonly fd: number
  readonly pageBytes: number
  readonly isBigEndian: boolean
  /** Mark the frames that belong to this header; frames of an earlier use of the file have others. */
  readonly salts: bigint
}

type Sums = [number, number]

/**
 * Checks a write-ahead log before SQLite opens it. SQLite silently drops everything after a damaged frame, as if the last
 * write had been cut off. A real cut-off end holds at most one commit, since each is written only after the one before is
 * on the disk; so more than one commit there means damage.
 *
 * @returns whether there is a log that is not empty
 * @throws DiskError `damaged` if SQLite would drop commits that were on the disk
 */
export function checkLog(path: string): boolean {
  const fd = openIfThere(path)
  if (fd === undefined) return false
  try {
    const header = Buffer.alloc(HEADER_BYTES)
    if (readSync(fd, header, 0, HEADER_BYTES, 0) === 0) return false
    const sums: Sums = [0, 0]
    const isBigEndian = (header.readUInt32BE(0) & 1) === 1
    if ((header.readUInt32BE(0) & ~1) === MAGIC) checksum(header.subarray(0, 24), isBigEndian, sums)
    if (sums[0] !== header.readUInt32BE(24) || sums[1] !== header.readUInt32BE(28) || sums[0] === 0) {
      throw damaged(path, 'its header is not valid')
    }
    const pageBytes = header.readUInt32BE(8)
    checkFrames(path, { fd, pageBytes, isBigEndian, salts: header.readBigUInt64BE(16) }, sums)
    return true
  } finally {
    closeSync(fd)
  }
}

function checkFrames(path: string, log: Log, sums: Sums): void {
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + log.pageBytes)
  let isGood = true
  let commitsBehind = 0
  for (
    let at = HEADER_BYTES;
    readSync(log.fd, frame, 0, frame.length, at) === frame.length;
    at += frame.length
  ) {
    const isOurs = frame.readBigUInt64BE(8) === log.salts
    if (isGood) {
      checksum(frame.subarray(0, 8), log.isBigEndian, sums)
      checksum(frame.subarray(FRAME_HEADER_BYTES), log.isBigEndian, sums)
      isGood = isOurs && sums[0] === frame.readUInt32BE(16) && sums[1] === frame.readUInt32BE(20)
    }
    const isCommit = frame.readUInt32BE(4) !== 0
    if (!isGood && isOurs && isCommit) commitsBehind += 1
  }
  if (commitsBehind > 1) throw damaged(path, `${commitsBehind} commits follow a damaged place`)
}

/** Updates the two running sums of SQLite's checksum over pairs of 32-bit words. */
function checksum(bytes: Buffer, isBigEndian: boolean, sums: Sums): void {
  let [one, two] = sums
  for (let at = 0; at < bytes.length; at += 8) {
    one = (one + (isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + two) >>> 0
    two = (two + (isBigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + one) >>> 0
  }
  sums[0] = one
  sums[1] = two
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined
    throw error
  }
}

const damaged = (path: string, what: string) =>
  new DiskError(
    'damaged',
    `${path} is damaged: ${what}. What was acknowledged would be forgotten; restore it from a copy`,
  )
