import { closeSync, openSync, readSync } from 'node:fs'
import { DiskError } from './disk-error.ts'

const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
/** Big-endian checksums, or little-endian ones, by the last bit; see "WAL File Format" in SQLite's documentation. */
const MAGIC = 0x377f0682

interface Log {
  readonly fd: number
  readonly pageBytes: number
  readonly isBigEndian: boolean
  /** Identify the frames that belong to this header and not to an earlier use of the file. */
  readonly salts: bigint
}

type Sums = [number, number]

/**
 * Checks a write-ahead log before SQLite sees it, since SQLite takes everything behind a damaged frame for a torn end and
 * forgets it. A torn end holds one commit at most: the next is written only after the one before is on the disk.
 *
 * @returns whether there is a log with anything in it
 * @throws DiskError `damaged` when commits that were on the disk would be forgotten
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

/** Two running sums over pairs of 32-bit words. */
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
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

const damaged = (path: string, what: string) =>
  new DiskError(
    'damaged',
    `${path} is damaged: ${what}. What was acknowledged would be forgotten; restore it from a copy`,
  )
