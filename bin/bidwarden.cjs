#!/usr/bin/env node
// The door of the command line. Written in what every Node can read, because an old one has to be told that it is old: no
// import(), which Node 8 cannot read even where it is never run.
'use strict'

// biome-ignore lint/style/useNodejsImportProtocol: old versions do not know it
var path = require('path')
var root = path.join(__dirname, '..')
var wanted = require('../package.json').dependencies.node.split('.').map(Number)
var own = process.versions.node.split('.').map(Number)
// The next major version may have taken away what is used here.
var isRight = own[0] === wanted[0] && (own[1] > wanted[1] || (own[1] === wanted[1] && own[2] >= wanted[2]))

if (isRight) {
  require('./run.cjs')
} else {
  process.stderr.write(
    `Bidwarden needs Node ${wanted.join('.')}, and this is ${process.versions.node}: run "npm ci" in ${root}, which brings the right one along; then "npm start", or "npm run -s bidwarden -- --help".\n`,
  )
  process.exitCode = 1
}
