import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface PrivatePostgres {
  /** An empty database of its own. */
  createDatabase(): Promise<string>
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

/** A server of the test's own on a free port, without a disk to wait for; it refuses to run as root, so then as nobody. */
export async function startPostgres(): Promise<PrivatePostgres> {
  const bin = postgresBin()
  if (bin === undefined) throw new Error(`no PostgreSQL server below ${ROOT}`)
  const folder = mkdtempSync(join(tmpdir(), 'bidwarden-pg-'))
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'test', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--locale=C'],
    {
      ...user,
      cwd: folder,
      env: { PATH: bin },
      stdio: 'pipe',
    },
  )
  const port = await freePort()
  const settings = [
    'fsync=off',
    'full_page_writes=off',
    'max_connections=200',
    `unix_socket_directories=${folder}`,
  ]
  const server = spawn(
    join(bin, 'postgres'),
    ['-D', data, '-p', String(port), '-h', '127.0.0.1', ...settings.flatMap((one) => ['-c', one])],
    { ...user, cwd: folder, env: { PATH: bin }, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  await ready(server)
  let made = 0
  return {
    async createDatabase() {
      const name = `test_${made++}`
      execFileSync(join(bin, 'createdb'), ['-h', '127.0.0.1', '-p', String(port), '-U', 'test', name], {
        cwd: folder,
      })
      return `postgres://test@127.0.0.1:${port}/${name}`
    },
    async stop() {
      const exited = once(server, 'exit')
      server.kill('SIGQUIT')
      await exited
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

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
