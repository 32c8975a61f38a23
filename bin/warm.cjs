// Fills the compile cache, for a service that cannot write it: an image is read-only once it runs. The cache is read by the user who
// has written it, with the options of Node that were given then.
'use strict'

const { spawn } = require('node:child_process')
const { mkdtempSync, readdirSync, rmSync } = require('node:fs')
const { enableCompileCache } = require('node:module')
const { tmpdir } = require('node:os')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { compiledIn, serviceOptions } = require('./runtime.cjs')

const SOURCES = path.join(__dirname, '../src')
/** The program of a worker, which would end this process; the service that is started runs it. */
const WORKER = path.join('app', 'worker.ts')
const PATIENCE_MS = 120_000

process.env.NODE_COMPILE_CACHE ??= compiledIn
if (process.argv[2] === 'modules') importAll()
else warm()

async function warm() {
  const folder = mkdtempSync(path.join(tmpdir(), 'bidwarden-warm-'))
  try {
    await startOnce(folder)
    await ended(spawn(process.execPath, [...serviceOptions, __filename, 'modules'], { stdio: 'inherit' }))
  } catch (error) {
    process.stderr.write(`The compile cache is not filled: ${error.message}\n`)
    process.exitCode = 1
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Starts the service in mock mode, with a worker, and stops it: what runs at a start is compiled, in every thread. */
async function startOnce(folder) {
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const settings = { HOST: '127.0.0.1', PORT: '0', DATA_DIR: folder, LOG_LEVEL: 'error' }
  const service = spawn(
    process.execPath,
    [path.join(__dirname, 'bidwarden.cjs'), 'start', '--workers', '1'],
    {
      cwd: folder,
      env: { PATH, NODE_COMPILE_CACHE, ...settings },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let said = ''
  service.stdout.on('data', (chunk) => {
    said += chunk
    if (said.includes('listens at http')) service.kill('SIGTERM')
  })
  await ended(service)
}

/** Resolves when a process has ended well. */
function ended(child) {
  const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      clearTimeout(late)
      if (code === 0) resolve()
      else reject(new Error(`${child.spawnargs.join(' ')} ended with ${code ?? signal}`))
    })
  })
}

/** Loads every file, since no start needs all of them. */
async function importAll() {
  enableCompileCache()
  for (const file of readdirSync(SOURCES, { recursive: true })) {
    const isSource = file.endsWith('.ts') && !/\.(test|proof|test-support)\.ts$/.test(file)
    // The program of a thread fails here, where there is no such thread. By then it is compiled.
    if (isSource && file !== WORKER) await import(pathToFileURL(path.join(SOURCES, file))).catch(() => {})
  }
  // Some of them wait for what never comes here.
  process.exit()
}
