import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect, onTestFinished } from 'vitest'

/** A disk with a file system of its own, whose faults hit files that are open already. Only the superuser may make one. */
export interface Ext4Disk {
  readonly directory: string
  /** Whatever is written waits. */
  freeze(): void
  thaw(): void
  /** The file system meets an error of its disk and turns read-only, as systems are mounted by default. */
  fail(): void
  /** It is taken away, repaired, and there again; resolves when nobody uses the old one any more. */
  repair(): Promise<void>
}

const BYTES = 256 << 20

export const mayMakeDisks = process.getuid?.() === 0

const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { stdio: 'pipe', encoding: 'utf8' })

/** Gone when the test ends. */
export function ext4Disk(): Ext4Disk {
  const folder = mkdtempSync(join(tmpdir(), 'bidwarden-ext4-'))
  const [image, mounted] = [join(folder, 'image'), join(folder, 'disk')]
  const mount = () => run('mount', '-o', 'loop,errors=remount-ro', image, mounted)
  const unmount = () => run('umount', '--lazy', mounted)
  run('truncate', '-s', String(BYTES), image)
  run('mkfs.ext4', '-q', image)
  run('mkdir', mounted)
  mount()
  onTestFinished(() => {
    unmount()
    rmSync(folder, { recursive: true, force: true })
  })
  const directory = join(mounted, 'data')
  run('mkdir', directory)
  let isFrozen = false
  const freeze = (isOn: boolean) => {
    if (isFrozen !== isOn) run('fsfreeze', isOn ? '--freeze' : '--unfreeze', mounted)
    isFrozen = isOn
  }
  // Who waits for a frozen disk cannot even be killed.
  onTestFinished(() => freeze(false))
  return {
    directory,
    freeze: () => freeze(true),
    thaw: () => freeze(false),
    fail() {
      const device = basename(run('findmnt', '--noheadings', '--output', 'SOURCE', mounted).trim())
      writeFileSync(join('/sys/fs/ext4', device, 'trigger_fs_error'), '1')
    },
    async repair() {
      unmount()
      await expect.poll(() => run('losetup', '--associated', image)).toBe('')
      // Says with 1 that it has repaired something.
      expect(() => run('e2fsck', '-f', '-p', image)).toThrow(expect.objectContaining({ status: 1 }))
      mount()
      expect(existsSync(directory)).toBe(true)
    },
  }
}
