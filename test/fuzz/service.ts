import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PROBE } from '../support/probed.ts'

const { scripts } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'))
/** What `npm start` gives to Node. */
const FLAGS: string[] = scripts.start.match(/--\S+/g) ?? []
const KEPT_CHARS = 20_000

/** The real service as a process of its own, with a probe that says each second how long its event loop was kept. */
export interface FuzzedService {
  readonly url: string
  /** The longest turn of each second, in milliseconds of its own processor time. */
  readonly turnsMs: readonly number[]
  readonly hasEnded: boolean
  /** The last that it has printed. */
  output(): string
  residentMiB(): number
  /** Once garbage is collected. */
  heapMiB(): Promise<number>
  close(): Promise<void>
}

export async function startFuzzed(environment: Readonly<Record<string, string>>): Promise<FuzzedService> {
  const dataDir = mkdtempSync(join(tmpdir(), 'bidwarden-fuzz-'))
  const child = spawn(process.execPath, [...FLAGS, '--import', PROBE, 'bin/bidwarden.cjs'], {
    env: { PATH: process.env['PATH'], DATA_DIR: dataDir, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const turnsMs: number[] = []
  const heapsMiB: number[] = []
  const listens = Promise.withResolvers<string>()
  let output = ''
  let line = ''
  child.stdout.on('data', (chunk) => {
    const lines = (line + chunk).split('\n')
    line = lines.pop() ?? ''
    for (const one of lines) {
      const turn = /^longest turn ([\d.]+) ms/.exec(one)?.[1]
      const heap = /^heap in use ([\d.]+) MiB/.exec(one)?.[1]
      if (turn !== undefined) turnsMs.push(Number(turn))
      else if (heap !== undefined) heapsMiB.push(Number(heap))
      else output = `${output}${one}\n`.slice(-KEPT_CHARS)
      const url = /listens at (http:\S+)/.exec(one)?.[1]
      if (url !== undefined) listens.resolve(url)
    }
  })
  child.stderr.on('data', (chunk) => {
    output = (output + chunk).slice(-KEPT_CHARS)
  })
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  child.once('exit', () => listens.reject(new Error(`the service ended:\n${output}`)))
  const url = await listens.promise
  return {
    url,
    turnsMs,
    get hasEnded() {
      return hasEnded()
    },
    output: () => output,
    residentMiB: () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024,
    async heapMiB() {
      const before = heapsMiB.length
      child.kill('SIGWINCH')
      while (heapsMiB.length === before) await once(child.stdout, 'data')
      return heapsMiB.at(-1) ?? 0
    },
    async close() {
      const gone = hasEnded() ? undefined : once(child, 'exit')
      child.kill('SIGKILL')
      await gone
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
