import { statfsSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, expect } from 'vitest'
import { stopPostgresOfFile } from './postgres.ts'
import { writeInThisThread } from './same-thread.ts'
import { seedOr } from './seed.ts'

fc.configureGlobal({ seed: seedOr(20_261_120) })

// Every start makes files that are written through to the disk, though only a power cut would tell. So they are in memory
// where there is room; proofs, which kill processes, keep the real disk and its delays.
const MEMORY = '/dev/shm'
const ROOM_BYTES = 2 ** 30
// Who may not mount a small disk fills this one instead.
const mayMount = process.getuid?.() === 0
const isProof = expect.getState().testPath?.endsWith('.proof.ts') ?? true
if (mayMount && !isProof && hasRoom(MEMORY)) process.env['TMPDIR'] ??= MEMORY

if (!isProof) writeInThisThread()
afterAll(stopPostgresOfFile)

function hasRoom(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize > ROOM_BYTES
  } catch {
    return false
  }
}
