import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ListenAt, NO_WORKERS, type WorkerPool } from '../agent/index.ts'
import type { Config } from '../config/config.ts'
import { ForkedWorkerPool, type ForkedWorkerPoolOptions } from '../workers/index.ts'

/** Path of the program that a worker runs. */
const PROGRAM = fileURLToPath(new URL('./worker.ts', import.meta.url))

/** The processes that answer at the service's address. */
export interface Front {
  readonly pool: WorkerPool
  /** Where this process itself listens. */
  readonly at: ListenAt
  /** Resolves when the service can be reached: with its address if that is not this process's own, else undefined. */
  start(): Promise<string | undefined>
  stop(): Promise<void>
  /** Call when this process no longer listens. */
  close(): void
}

interface FrontParts extends Omit<ForkedWorkerPoolOptions, 'size' | 'program' | 'welcome'> {
  readonly noticeSecret: string
  readonly recordsLast: boolean
}

/**
 * Without workers, this process listens at the service's address. With workers, they do: they answer auctions and forward
 * everything else to this process through a Unix socket that only its user can open.
 */
export function openFront({ workers, host, port }: Config, parts: FrontParts): Front {
  if (workers === 0) {
    const start = async () => undefined
    return { pool: NO_WORKERS, at: { host, port }, start, stop: async () => {}, close: () => {} }
  }
  const { noticeSecret, recordsLast, ...rest } = parts
  const folder = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  const path = join(folder, 'primary.sock')
  const welcome = { noticeSecret, recordsLast, socketPath: path }
  const pool = new ForkedWorkerPool({ ...rest, welcome, size: workers, program: PROGRAM })
  return {
    pool,
    at: { path },
    start: () => pool.start(),
    stop: () => pool.stop(),
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}
