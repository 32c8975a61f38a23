import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { childrenOf } from './children.ts'

export interface Started {
  readonly child: ChildProcess
  /** Its `DATA_DIR`. */
  readonly dataDir: string
  /** Everything it has printed. */
  output(): string
}

/** Of this process's environment, what a service may know. */
export const INHERITED = { PATH: process.env['PATH'] }

/** A folder that is gone after the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** The service as a user starts it: a process of its own, with this environment; it ends with the test. */
export const start = (environment: Record<string, string>, ...args: string[]): Started =>
  startAs({}, environment, args)

export function startAs(
  user: { uid?: number },
  environment: Record<string, string>,
  args: readonly string[] = [],
): Started {
  const dataDir = environment['DATA_DIR'] ?? folder()
  const child = spawn(process.execPath, ['bin/bidwarden.cjs', ...args], {
    env: { ...INHERITED, ...environment, DATA_DIR: dataDir },
    ...user,
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk))
  return { child, dataDir, output: () => output }
}

/** Where it listens; rejects with what it printed when it ends before. */
export async function listening({ child, output }: Started): Promise<string> {
  for (;;) {
    const url = /listens at (http:\S+)/.exec(output())?.[1]
    if (url !== undefined) return url
    if (child.exitCode !== null) throw new Error(output())
    await Promise.race([
      once(child.stdout ?? child, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error(output()))),
    ])
  }
}

/** The options of a service and of each of its workers. */
export function expectSmallMemory({ child }: Started, workers: number): void {
  const pid = child.pid ?? 0
  for (const one of [pid, ...childrenOf(pid)]) {
    const commandLine = readFileSync(`/proc/${one}/cmdline`, 'utf8').split('\0')
    expect(commandLine.filter((option) => option === '--max-semi-space-size=4')).toHaveLength(1)
    const environment = readFileSync(`/proc/${one}/environ`, 'utf8').split('\0')
    expect(environment).toContain('MALLOC_ARENA_MAX=2')
    // Threads read it there.
    expect(environment.filter((variable) => variable.startsWith('NODE_COMPILE_CACHE=/'))).toHaveLength(1)
  }
  expect(childrenOf(pid)).toHaveLength(workers)
}
