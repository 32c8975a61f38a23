import { type ChildProcess, spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'

export interface Server {
  readonly url: string
  readonly pid: number
  /** From the start of the process to its first answer. */
  readonly startMs: number
  stop(): void
}

/** Pins a command to one core where there are several, so that server and client do not share one. */
function pinned(core: number, command: string, args: readonly string[]): [string, string[]] {
  if (process.platform !== 'linux' || availableParallelism() < 2) return [command, [...args]]
  return ['taskset', ['-c', String(core), command, ...args]]
}

/** Starts a server that prints where it `listens at`, on core 0. */
export async function startServer(file: string, env: Record<string, string> = {}): Promise<Server> {
  const started = performance.now()
  const [command, args] = pinned(0, process.execPath, [file])
  const child = spawn(command, args, {
    env: { PATH: process.env['PATH'], PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await address(child)
  await fetch(`${url}/livez`)
  const startMs = performance.now() - started
  return { url, pid: child.pid ?? 0, startMs, stop: () => child.kill('SIGKILL') }
}

async function address(child: ChildProcess): Promise<string> {
  let text = ''
  for await (const chunk of child.stdout ?? []) {
    text += chunk
    const url = /listens at (http:\S+)/.exec(text)?.[1]
    if (url !== undefined) {
      // Whatever it prints from now on must not fill the pipe and stop it.
      child.stdout?.resume()
      return url
    }
  }
  throw new Error(`the server did not start: ${text}`)
}

/** What a client prints that runs in a process of its own on core 1. */
export async function runClient(script: readonly string[]): Promise<string> {
  const [command, args] = pinned(1, process.execPath, script)
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  for await (const chunk of child.stdout) text += chunk
  return text
}
