import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from './free-port.ts'

/** A private Redis on a free port with a folder of its own. */
export interface RedisServer {
  /**
   * With it a client awaits connections and answers however long they take, since a machine may stand still for longer than the
   * service is patient. What is about that patience connects to {@link port}.
   */
  readonly url: string
  readonly port: number
  /** As {@link url}, of one of its other databases. */
  database(index: number): string
  /** SIGKILL; the data folder stays. */
  kill(): Promise<void>
  /** Starts it again on the same port, with whatever is on its disk. */
  start(): Promise<void>
  /** Stands still with all its connections open. */
  pause(): void
  resume(): void
  /** Ends it and removes its data. */
  close(): Promise<void>
}

/** @param options arguments of redis-server, such as `--appendonly yes` */
export async function startRedis(...options: string[]): Promise<RedisServer> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'bidwarden-redis-'))
  let child: ChildProcess | undefined
  const start = async () => {
    child = await launch(port, ['--dir', folder, ...options])
  }
  const kill = async () => {
    const running = child
    child = undefined
    if (!running || running.exitCode !== null || running.signalCode !== null) return
    const ended = once(running, 'exit')
    running.kill('SIGKILL')
    await ended
  }
  await start()
  return {
    url: addressOf(port),
    port,
    database: (index) => addressOf(port, index),
    kill,
    start,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    close: async () => {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The client takes what the address says before what the service says; no number stands for no limit. */
const addressOf = (port: number, database = 0) =>
  `redis://127.0.0.1:${port}/${database}?commandTimeout=none&connectTimeout=`

/** Resolves when the server says that it takes connections. */
async function launch(port: number, options: readonly string[]): Promise<ChildProcess> {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', ...options]
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const said: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line)
    if (/Ready to accept connections/.test(line)) {
      child.stdout.resume()
      return child
    }
  }
  throw new Error(`redis-server did not start:\n${said.join('\n')}`)
}
