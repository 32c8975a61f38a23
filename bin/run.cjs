// What the door opens to: by the right Node, a command with the file .env of its folder.
'use strict'

const { readFileSync, statSync } = require('node:fs')
const { enableCompileCache } = require('node:module')
const path = require('node:path')
const { parseEnv } = require('node:util')
const { compiledIn, serviceOptions } = require('./runtime.cjs')

const args = process.argv.slice(2)
// What was compiled once is not compiled again. Threads and workers hear of it by the environment; without it each would load what
// strips types of TypeScript, which takes 16 MiB of memory for as long as the thread lives.
process.env.NODE_COMPILE_CACHE ??= compiledIn
startWithLittleMemory()
if (loadEnv(path.resolve('.env'))) {
  enableCompileCache()
  import('../src/cli/index.ts').then((cli) => cli.main(args))
}

/**
 * The service runs with a young generation of 4 MiB per half: by itself it grows to 64 or 128. Only the command line of Node can set
 * that, so this process becomes one with the option, with the same number. Its workers are given the options that it has.
 * Its C library keeps two pools of memory: by itself one for each thread, and each keeps what its thread has freed.
 */
function startWithLittleMemory() {
  const isService = args.length === 0 || args[0] === 'start' || /^--(workers|demo)/.test(args[0])
  const isGiven = process.execArgv.some((option) => /^--max[-_]semi[-_]space[-_]size/.test(option))
  // Windows cannot replace a process, and what has a channel to its parent would lose it.
  if (!isService || isGiven || process.connected || process.execve === undefined) return
  const options = [...serviceOptions, ...process.execArgv]
  const environment = { MALLOC_ARENA_MAX: '2', ...process.env }
  process.execve(process.execPath, [process.execPath, ...options, ...process.argv.slice(1)], environment)
}

/** Sets what the file says, but for what is set already; false where it is there and cannot be read. */
function loadEnv(file) {
  try {
    const found = statSync(file, { throwIfNoEntry: false })
    // A folder of that name is one of Python.
    if (!found || found.isDirectory()) return true
    const said = parseEnv(textOf(readFileSync(file)))
    for (const name of Object.keys(said)) process.env[name] ??= said[name]
    return true
  } catch (error) {
    process.stderr.write(`${file} cannot be read: ${error.message}\n`)
    process.exitCode = 1
    return false
  }
}

/** The text of a file that an editor of Windows may have written: with a byte order mark, in UTF-8 or UTF-16. */
function textOf(bytes) {
  const [first, second] = bytes
  if (first === 0xfe && second === 0xff) bytes.subarray(0, bytes.length & ~1).swap16()
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  return bytes.toString(isUtf16 ? 'utf16le' : 'utf8').replace(/^\uFEFF/, '')
}
