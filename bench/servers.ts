import { spawn } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'

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

/** For what is to use every core. */
export const anywhere: typeof pinned = (_core, command, args) => [command, [...args]]

/**
 * Starts a server that prints where it `listens at`, on core 0. Its output goes to a file, as a log does: whoever read
 * it from a pipe would take part in the measurement.
 */
export async function startServer(
  file: string,
  env: Record<string, string> = {},
  pin = pinned,
): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'bidwarden-bench-'))
  const output = join(folder, 'output')
  const descriptor = openSync(output, 'w')
  const started = performance.now()
  const [command, args] = pin(0, process.execPath, [file])
  const child = spawn(command, args, {
    // One client asks for all there is.
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      STORE: 'memory',
      API_RATE_LIMIT: '100000000/1',
      ...env,
    },
    stdio: ['ignore', descriptor, 'inherit'],
  })
  const url = await address(output)
  await fetch(`${url}/livez`)
  const startMs = performance.now() - started
  const stop = () => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  }
  return { url, pid: child.pid ?? 0, startMs, stop }
}

/** Seconds of processor time that a process has taken so far; to the hundredth. */
export function cpuSeconds({ pid }: { readonly pid: number }): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}

async function address(output: string): Promise<string> {
  for (let looks = 0; looks < 1_000; looks++) {
    const url = /listens at (http:\S+)/.exec(readFileSync(output, 'utf8'))?.[1]
    if (url !== undefined) return url
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`the server did not start: ${readFileSync(output, 'utf8')}`)
}

/** What a client prints that runs in a process of its own, on core 1. */
export async function runClient(script: readonly string[], pin = pinned): Promise<string> {
  const [command, args] = pin(1, process.execPath, script)
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  for await (const chunk of child.stdout) text += chunk
  return text
}
