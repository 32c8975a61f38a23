import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A directory on a small disk. */
export interface SmallDisk {
  readonly directory: string
  /** Leaves so many bytes of it free. Does not keep the event loop: whoever measures answers meanwhile is not in their way. */
  fill(freeBytes: number): Promise<void>
  makeSpace(): void
}

/** A disk of its own, or the shared memory's where none may be mounted; gone when the test ends. */
export function smallDisk(freeBytes?: number, megabytes = 8): SmallDisk {
  const mounted = mkdtempSync(join(tmpdir(), 'bidwarden-disk-'))
  onTestFinished(() => rmSync(mounted, { recursive: true, force: true }))
  let directory = mounted
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', mounted], { stdio: 'ignore' })
    onTestFinished(() => void execFileSync('umount', ['--lazy', mounted]))
  } catch {
    directory = mkdtempSync('/dev/shm/bidwarden-')
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  }
  const ballast = join(directory, 'ballast')
  const ballastFor = (freeAfter: number) => {
    const { bavail, bsize } = statfsSync(directory)
    return Buffer.alloc(Math.max(0, bavail * bsize - freeAfter))
  }
  const fill = (freeAfter: number) =>
    writeFile(ballast, ballastFor(freeAfter)).catch((error) => {
      if (error.code !== 'ENOSPC') throw error
      // Whoever uses the disk was faster, so it is full: the rest is given back.
      truncateSync(ballast, Math.max(0, statSync(ballast).size - freeAfter))
    })
  if (freeBytes !== undefined) writeFileSync(ballast, ballastFor(freeBytes))
  return { directory, fill, makeSpace: () => rmSync(ballast, { force: true }) }
}
