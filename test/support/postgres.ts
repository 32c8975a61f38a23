import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import pg from 'pg'
import { openStore } from '../../src/sync/store/index.ts'
import { childrenOf } from './children.ts'
import { freePort } from './free-port.ts'

export interface PrivatePostgres {
  /** An empty database of its own. */
  createDatabase(): Promise<string>
  /** As that, with the tables of the read stack, which the first one makes and all others copy. */
  migratedDatabase(): Promise<string>
  /** Ends the server as a crash does (`SIGQUIT`), or as an operator does who does not wait for clients (`SIGINT`). */
  down(signal: 'SIGQUIT' | 'SIGINT'): Promise<void>
  up(): Promise<void>
  /** From now on it is started again whenever it ends by itself, as whoever runs one does. */
  supervise(): void
  /** Stands still with all its connections open. */
  pause(): void
  resume(): void
  /** What a former primary is after a failover. */
  setReadOnly(isReadOnly: boolean): void
  stop(): Promise<void>
}

const ROOT = '/usr/lib/postgresql'

/** Folder of the newest server's programs; undefined where none is installed. */
export function postgresBin(): string | undefined {
  try {
    const [newest] = readdirSync(ROOT).sort((a, b) => Number(b) - Number(a))
    return newest && join(ROOT, newest, 'bin')
  } catch {
    return undefined
  }
}

const INITDB = ['-U', 'test', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--locale=C']
const CACHE = 'node_modules/.cache'

/** The data of an empty server. What was made once is copied, which takes a tenth of the time. */
function makeData(bin: string, data: string, as: { readonly uid?: number; readonly cwd: string }): void {
  const key = hash('sha1', JSON.stringify([bin, INITDB, process.getuid?.()]))
  const kept = resolve(CACHE, `postgres-${key}`)
  if (existsSync(kept)) {
    copyWithOwners(kept, data)
    return
  }
  execFileSync(join(bin, 'initdb'), ['-D', data, ...INITDB], { ...as, env: { PATH: bin }, stdio: 'pipe' })
  mkdirSync(CACHE, { recursive: true })
  const making = mkdtempSync(`${kept}-`)
  copyWithOwners(data, join(making, 'data'))
  try {
    renameSync(join(making, 'data'), kept)
  } catch (error) {
    // Another thread was first.
    if (!existsSync(kept)) throw error
  }
  rmSync(making, { recursive: true })
}

const copyWithOwners = (from: string, to: string) => execFileSync('cp', ['-a', from, to], { stdio: 'pipe' })

/**
 * A server of the test's own on a free port, without a disk to wait for; it refuses to run as root, so then as nobody.
 *
 * @param within where its data are
 */
export async function startPostgres(within = tmpdir()): Promise<PrivatePostgres> {
  const bin = postgresBin()
  if (bin === undefined) throw new Error(`no PostgreSQL server below ${ROOT}`)
  const folder = mkdtempSync(join(within, 'bidwarden-pg-'))
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  makeData(bin, data, { ...user, cwd: folder })
  const port = await freePort()
  const settings = [
    'fsync=off',
    'full_page_writes=off',
    'max_connections=200',
    `unix_socket_directories=${folder}`,
  ]
  const begin = async () => {
    const started = spawn(
      join(bin, 'postgres'),
      ['-D', data, '-p', String(port), '-h', '127.0.0.1', ...settings.flatMap((one) => ['-c', one])],
      { ...user, cwd: folder, env: { PATH: bin }, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    await ready(started)
    return started
  }
  let server = await begin()
  let isStopped = false
  let restart = Promise.resolve()
  const supervise = () => {
    server.once('exit', () => {
      restart = startAgain()
    })
  }
  const startAgain = async () => {
    while (!isStopped) {
      try {
        server = await begin()
        return supervise()
      } catch {
        await after(100)
      }
    }
  }
  const down = async (signal: NodeJS.Signals) => {
    if (server.exitCode !== null) return
    const exited = once(server, 'exit')
    server.kill(signal)
    await exited
  }
  const address = ['-h', '127.0.0.1', '-p', String(port), '-U', 'test']
  // Every connection has a process of its own.
  const signalAll = (signal: NodeJS.Signals) => {
    for (const pid of [...childrenOf(server.pid), server.pid])
      if (pid !== undefined) process.kill(pid, signal)
  }
  let made = 0
  const urlOf = (name: string) => `postgres://test@127.0.0.1:${port}/${name}`
  // By a connection: the program `createdb` is a process that this large one has to fork for, and wait.
  const create = async (from = 'template1') => {
    const name = `test_${made++}`
    const client = new pg.Client({ connectionString: urlOf('postgres') })
    await client.connect()
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${from}`)
    await client.end()
    return { name, url: urlOf(name) }
  }
  let template: Promise<string> | undefined
  const makeTemplate = async () => {
    const { name, url } = await create()
    await (await openStore({ is: 'postgres', url })).close()
    return name
  }
  return {
    createDatabase: async () => (await create()).url,
    async migratedDatabase() {
      template ??= makeTemplate()
      return (await create(await template)).url
    },
    down,
    async up() {
      server = await begin()
    },
    supervise,
    pause: () => signalAll('SIGSTOP'),
    resume: () => signalAll('SIGCONT'),
    setReadOnly(isReadOnly) {
      const say = (sql: string) =>
        execFileSync(join(bin, 'psql'), [...address, '-q', '-d', 'postgres', '-c', sql], { cwd: folder })
      say(`ALTER SYSTEM SET default_transaction_read_only = ${isReadOnly}`)
      say('SELECT pg_reload_conf()')
    },
    async stop() {
      isStopped = true
      await restart
      await down('SIGQUIT')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function ready(server: ChildProcess): Promise<void> {
  let said = ''
  for (;;) {
    const [chunk] = await Promise.race([
      once(server.stderr ?? server, 'data'),
      once(server, 'exit').then(() => Promise.reject(new Error(said))),
    ])
    said += chunk
    if (said.includes('ready to accept connections')) break
  }
  server.stderr?.resume()
}

/** The engines of the read stack's database, as tests name them. */
export const ENGINES = ['SQLite', 'PostgreSQL'] as const

/** The server of the file of tests that runs, which starts with the first test that asks for it. */
let ofFile: Promise<PrivatePostgres> | undefined

/** Behind each file of tests; see `setup.ts`. */
export async function stopPostgresOfFile(): Promise<void> {
  const ended = ofFile
  ofFile = undefined
  await (await ended)?.stop()
}

/** The variables of a service with a new database on this engine. */
export async function environmentOn(engine: (typeof ENGINES)[number]): Promise<Record<string, string>> {
  if (engine === 'SQLite') return {}
  ofFile ??= startPostgres()
  return { DATABASE_URL: await (await ofFile).migratedDatabase() }
}
