import { mkdir, open, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Finding } from '../../agent/index.ts'
import { messageOf } from '../../errors.ts'
import type { Clock } from '../../time/clock.ts'

const GIB = 2 ** 30
/** The median time of a flushed write above which the disk is reported as slow, in milliseconds: answers wait for it. */
const SLOW_MS = 20
/** How many flushed writes are timed. An odd number, so that one of them is the median. */
const WRITES = 5
/** The types of network file systems, by their numbers in `statfs(2)`. SQLite cannot rely on their locks and flushes. */
const NETWORK = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
])
/** The number of `tmpfs`, which is in memory. */
const TEMPORARY = 0x01021994

/**
 * Examines the data folder: type of its file system, free room, duration of a flushed write, and rights.
 * @param maxBytes size that the files in it can reach together
 */
export async function checkDisk(directory: string, maxBytes: number, clock: Clock): Promise<Finding[]> {
  const subject = 'disk'
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    return [
      ...(await kind(directory)),
      await room(directory, maxBytes),
      await flush(directory, clock),
      await rights(directory),
    ]
  } catch (error) {
    const advice = 'give DATA_DIR a folder that the service may write to'
    return [{ subject, state: 'problem', detail: `${directory}: ${messageOf(error)}`, advice }]
  }
}

async function kind(directory: string): Promise<Finding[]> {
  const { type } = await statfs(directory)
  const network = NETWORK.get(type >>> 0)
  if (network !== undefined)
    return [
      {
        subject: 'disk',
        state: 'problem',
        detail: `${directory} is on ${network}, whose locks and flushes are not to be trusted with money`,
        advice: 'give DATA_DIR a folder on a local disk',
      },
    ]
  if (type !== TEMPORARY) return []
  const detail = `${directory} is in memory: a restart of the machine forgets what was spent`
  return [{ subject: 'disk', state: 'problem', detail, advice: 'give DATA_DIR a folder on a disk' }]
}

async function room(directory: string, maxBytes: number): Promise<Finding> {
  const { bavail, bsize } = await statfs(directory)
  const free = bavail * bsize
  const detail = `${(free / GIB).toFixed(1)} GiB free; the files may come to ${(maxBytes / GIB).toFixed(1)} GiB`
  if (free >= maxBytes) return { subject: 'room', state: 'ok', detail }
  const advice = 'make room, or lower LEDGER_MAX_BYTES and RECORDS_MAX_BYTES'
  return { subject: 'room', state: 'warning', detail, advice }
}

/** Times a few flushed writes to a file that is deleted afterwards. */
async function flush(directory: string, clock: Clock): Promise<Finding> {
  const path = join(directory, `doctor.${process.pid}.tmp`)
  const file = await open(path, 'wx', 0o600)
  const tookMs: number[] = []
  try {
    for (let write = 0; write < WRITES; write++) {
      const fromMs = clock.elapsedMs()
      await file.write(Buffer.alloc(4096))
      await file.datasync()
      tookMs.push(clock.elapsedMs() - fromMs)
    }
  } finally {
    await file.close()
    await rm(path)
  }
  const medianMs = tookMs.sort((a, b) => a - b)[Math.floor(WRITES / 2)] ?? 0
  const detail = `a write is on the disk after ${medianMs.toFixed(1)} ms`
  if (medianMs <= SLOW_MS) return { subject: 'flush', state: 'ok', detail }
  return {
    subject: 'flush',
    state: 'warning',
    detail,
    advice: 'use a disk that confirms writes sooner: bids wait for it',
  }
}

async function rights(directory: string): Promise<Finding> {
  const { mode } = await stat(directory)
  const isOpen = (mode & 0o077) !== 0
  const detail = isOpen
    ? 'others of this machine may list it; its files are their user’s alone'
    : 'its user’s alone'
  return { subject: 'rights', state: 'ok', detail: `${directory}: ${detail}` }
}
