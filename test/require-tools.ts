import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { postgresBin } from './support/postgres.ts'

/** Programs beside Node that the tests run, and the Debian packages that have them. */
const TOOLS = [
  { command: 'promtool', debianPackage: 'prometheus', why: 'checks alert rules, queries and metrics' },
  { command: 'redis-server', debianPackage: 'redis-server', why: 'the tests start private ones' },
  { command: 'prlimit', debianPackage: 'util-linux', why: 'makes writes to files fail' },
  { command: 'chromium', debianPackage: 'chromium', why: 'shows the console' },
  { command: 'postgres', debianPackage: 'postgresql', why: 'the read stack runs on it as well' },
]

/** Debian keeps the database server off the PATH. */
const folders = [...(process.env['PATH'] ?? '').split(delimiter), postgresBin() ?? '']

const isInstalled = (command: string): boolean =>
  folders.some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK)
      return true
    } catch {
      return false
    }
  })

const missing = TOOLS.filter(({ command }) => !isInstalled(command))
if (missing.length > 0) {
  const packages = missing.map(({ debianPackage }) => debianPackage)
  const mayInstall = process.getuid?.() === 0 && isInstalled('apt-get')
  if (!mayInstall) {
    for (const { command, debianPackage, why } of missing) {
      process.stderr.write(
        `The tests need ${command} (${why}): install Debian's package ${debianPackage}, or put ${command} on the PATH.\n`,
      )
    }
    process.exit(1)
  }
  const apt = (...args: string[]) =>
    execFileSync('apt-get', ['-q', '-y', ...args], {
      stdio: 'inherit',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  apt('update')
  apt('install', '--no-install-recommends', ...packages)
}
