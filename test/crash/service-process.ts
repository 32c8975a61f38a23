import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { childrenOf } from '../support/children.ts'

const PRELOAD = join(import.meta.dirname, 'preload.ts')
/** Of what a process prints, so much is kept. */
const KEPT_CHARS = 20_000

/** A place where the real service runs, one process after the other, on the same port and with the same data. */
export interface ServiceProcess {
  readonly url: string
  /** Begins; resolves when it listens. Rejects with what it printed when it ends before. */
  start(): Promise<void>
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
  /** SIGKILL for one of its workers; false where it has none. `chance` of 0 up to 1 says which. */
  killWorker(chance: number): boolean
  /** Sends a signal to the process that runs now. */
  signal(signal: NodeJS.Signals): void
  /** A write of the process that runs now past so many bytes of a file is an error of the disk; `unlimited` ends that. */
  limitFiles(bytes: string): void
  /** The exit code of the process that runs now, once it has ended; null where a signal ended it. */
  ended(): Promise<number | null>
  /** Everything printed so far, by every process here. */
  output(): string
  /** Ends what runs and what is prepared. */
  close(): Promise<void>
}

/** With the option that the service otherwise starts itself anew for: it would be prepared a second time, and wait for ever. */
const ARGUMENTS = ['--max-semi-space-size=4', '--import', PRELOAD, 'bin/bidwarden.cjs']

/**
 * @param environment of `bin/bidwarden.cjs`, with its PORT
 * @param uid whom the service runs as, where it is not the user of this process
 */
export async function serviceProcess(
  environment: Readonly<Record<string, string>>,
  uid?: number,
): Promise<ServiceProcess> {
  // What is compiled is kept, so that the many starts cost little; only a process that ends in peace writes it.
  const compiled = mkdtempSync(join(tmpdir(), 'bidwarden-compiled-'))
  const env = { PATH: process.env['PATH'], NODE_COMPILE_CACHE: compiled, ...environment }
  const first = spawn(process.execPath, ARGUMENTS, { env, stdio: ['ignore', 'inherit', 'inherit'] })
  await once(first, 'exit')

  let output = ''
  const prepare = (): ChildProcess => {
    const child = spawn(process.execPath, ARGUMENTS, { env, ...(uid !== undefined && { uid }) })
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk) => {
        output = (output + chunk).slice(-KEPT_CHARS)
      })
    // It may be killed before it reads.
    child.stdin?.on('error', () => undefined)
    return child
  }
  let next: ChildProcess | undefined = prepare()
  let running: ChildProcess | undefined

  const isOver = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null
  const end = async (child: ChildProcess | undefined) => {
    if (!child || isOver(child)) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }
  return {
    url: `http://127.0.0.1:${environment['PORT']}`,
    start() {
      const child = next ?? prepare()
      running = child
      next = undefined
      const listens = Promise.withResolvers<void>()
      child.stdout?.on('data', (chunk) => String(chunk).includes('listens at') && listens.resolve())
      child.once('exit', () => listens.reject(new Error(`the service ended:\n${output}`)))
      child.stdin?.write('\n')
      // The next one takes no time from this one's start.
      return listens.promise.then(() => {
        next = prepare()
      })
    },
    kill: () => end(running),
    killWorker(chance) {
      const workers = childrenOf(running?.pid)
      const worker = workers[Math.floor(chance * workers.length)]
      if (worker !== undefined) process.kill(worker, 'SIGKILL')
      return worker !== undefined
    },
    signal: (signal) => running?.kill(signal),
    limitFiles: (bytes) => {
      execFileSync('prlimit', [`--pid=${running?.pid}`, `--fsize=${bytes}:unlimited`])
    },
    async ended() {
      if (running && !isOver(running)) await once(running, 'exit')
      return running?.exitCode ?? null
    },
    output: () => output,
    close: async () => {
      await Promise.all([end(running), end(next)])
      rmSync(compiled, { recursive: true, force: true })
    },
  }
}
