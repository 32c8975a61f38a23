#!/usr/bin/env node
// The door of the command line. Written in what every Node understands, because an old one has to be told that it is old.
'use strict'

// biome-ignore lint/style/useNodejsImportProtocol: old versions do not know it
var path = require('path')
var root = path.join(__dirname, '..')
var wanted = require('../package.json').dependencies.node.split('.').map(Number)
var own = process.versions.node.split('.').map(Number)
// The next major version may have taken away what is used here.
var isRight = own[0] === wanted[0] && (own[1] > wanted[1] || (own[1] === wanted[1] && own[2] >= wanted[2]))

if (!isRight) {
  process.stderr.write(
    `Bidwarden needs Node ${wanted.join('.')}, and this is ${process.versions.node}: run "npm ci" in ${root}, which brings the right one along; then "npm start", or "npm run -s bidwarden -- --help".\n`,
  )
  process.exitCode = 1
} else if (loadEnv(path.resolve('.env'))) {
  // What was compiled once is not compiled again.
  require('node:module').enableCompileCache(path.join(root, 'node_modules/.cache/compiled'))
  import('../src/cli/index.ts').then((cli) => cli.main(process.argv.slice(2)))
}

/** Sets what the file says, but for what is set already; false where it is there and cannot be read. */
function loadEnv(file) {
  const { statSync } = require('node:fs')
  try {
    const found = statSync(file, { throwIfNoEntry: false })
    // A folder of that name is one of Python.
    if (found && !found.isDirectory()) process.loadEnvFile(file)
    return true
  } catch (error) {
    process.stderr.write(`${file} cannot be read: ${error.message}\n`)
    process.exitCode = 1
    return false
  }
}
