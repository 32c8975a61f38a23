import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A directory on a disk of a few megabytes. */
export interface SmallDisk {
  readonly directory: string
  /** Leaves so many bytes of it free. */
  fill(freeBytes: number): void
  makeSpace(): void
}

/** A disk of its own, or the shared memory's where none may be mounted; gone when the test ends. */
export function smallDisk(freeBytes?: number): SmallDisk {
  const mounted = mkdtempSync(join(tmpdir(), 'bidwarden-disk-'))
  onTestFinished(() => rmSync(mounted, { recursive: true, force: true }))
  let directory = mounted
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', mounted], { stdio: 'ignore' })
    onTestFinished(() => void execFileSync('umount', ['--lazy', mounted]))
  } catch {
    directory = mkdtempSync('/dev/shm/bidwarden-')
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  }
  const ballast = join(directory, 'ballast')
  const fill = (free: number) => {
    const { bavail, bsize } = statfsSync(directory)
    try {
      writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - free)))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
      // Whoever uses the disk was faster, so it is full: the rest is given back.
      truncateSync(ballast, Math.max(0, statSync(ballast).size - free))
    }
  }
  if (freeBytes !== undefined) fill(freeBytes)
  return { directory, fill, makeSpace: () => rmSync(ballast, { force: true }) }
}
