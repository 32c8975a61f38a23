import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Crew, type ListenAt, NO_CREW } from './agent/index.ts'
import type { Config } from './config.ts'
import { Fleet, type FleetOptions } from './workers/index.ts'

/** What a worker runs. */
const PROGRAM = fileURLToPath(new URL('./worker.ts', import.meta.url))

/** Who answers on the service's address. */
export interface Front {
  readonly crew: Crew
  /** Where this process listens itself. */
  readonly at: ListenAt
  /** Resolves when the service can be reached, with its address where that is not the one of this process. */
  start(): Promise<string | undefined>
  stop(): Promise<void>
  /** Once this process listens no more. */
  close(): void
}

interface FrontParts extends Omit<FleetOptions, 'size' | 'program' | 'welcome'> {
  readonly noticeSecret: string
  readonly recordsLast: boolean
}

/**
 * This process, or workers on its address that answer auctions and hand it everything else, through a socket that only
 * this user can open.
 */
export function openFront({ workers, host, port }: Config, parts: FrontParts): Front {
  if (workers === 0) {
    const start = async () => undefined
    return { crew: NO_CREW, at: { host, port }, start, stop: async () => {}, close: () => {} }
  }
  const { noticeSecret, recordsLast, ...rest } = parts
  const folder = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  const path = join(folder, 'primary.sock')
  const welcome = { noticeSecret, recordsLast, socketPath: path }
  const fleet = new Fleet({ ...rest, welcome, size: workers, program: PROGRAM })
  return {
    crew: fleet,
    at: { path },
    start: () => fleet.start(),
    stop: () => fleet.stop(),
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}
