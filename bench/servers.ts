import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'

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
  const url = await address(child, output)
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

/** A start takes a second; a busy machine may take many. */
const PATIENCE_MS = 120_000

async function address(child: ChildProcess, output: string): Promise<string> {
  for (const endMs = performance.now() + PATIENCE_MS; performance.now() < endMs; await after(10)) {
    const text = readFileSync(output, 'utf8')
    const url = /listens at (http:\S+)/.exec(text)?.[1]
    if (url !== undefined) return url
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${text}`)
  }
  child.kill('SIGKILL')
  throw new Error(`the server did not start: ${readFileSync(output, 'utf8')}`)
}

/** What a client prints that runs in a process of its own, on core 1. Rejects where it fails; it has said why then. */
export async function runClient(script: readonly string[], pin = pinned): Promise<string> {
  const [command, args] = pin(1, process.execPath, script)
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  let text = ''
  for await (const chunk of child.stdout) text += chunk
  const [code] = await ended
  if (code !== 0) throw new Error(`${script[0]} ended with ${code}`)
  return text
}
