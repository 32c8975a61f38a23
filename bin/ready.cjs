// Whether this Node and the packages are there that Bidwarden needs. As a program, before the scripts of package.json that need
// the packages of development as well. Written in what every Node can read, because an old one has to be told that it is old.
'use strict'

// biome-ignore lint/style/useNodejsImportProtocol: old versions do not know it
var fs = require('fs')
// biome-ignore lint/style/useNodejsImportProtocol: old versions do not know it
var path = require('path')
var root = path.join(__dirname, '..')
var own = require('../package.json')

/** One line that says what to do; undefined where everything is there. */
function problem(withTools) {
  var wanted = own.dependencies.node
  if (!isRightNode(wanted))
    return `Bidwarden needs Node ${wanted}, and this is ${process.versions.node}: run "npm ci" in ${root}, which brings the right one along; then "npm start", or "npm run -s bidwarden -- --help".`
  // The package `node` is a Node for those who have another one.
  var names = Object.keys(own.dependencies).filter((name) => name !== 'node')
  var missing = names.concat(withTools ? Object.keys(own.devDependencies) : []).filter(isMissing)
  if (missing.length === 0) return undefined
  var shown = missing.slice(0, 3).join(', ') + (missing.length > 3 ? ' …' : '')
  return `Packages that Bidwarden needs are not installed (${shown}): run "npm ci" in ${root}, then try again.`
}

function isRightNode(wanted) {
  var least = wanted.split('.').map(Number)
  var node = process.versions.node.split('.').map(Number)
  // The next major version may have taken away what is used here.
  if (node[0] !== least[0]) return false
  return node[1] > least[1] || (node[1] === least[1] && node[2] >= least[2])
}

// An installation may have put them beside Bidwarden itself, or further up.
function isMissing(name) {
  return !module.paths.some((folder) => fs.existsSync(path.join(folder, name)))
}

/** Whether everything is there; else says what is not, and has the process end with 1. */
module.exports = function isReady(withTools) {
  var found = problem(withTools)
  if (found === undefined) return true
  process.stderr.write(`${found}\n`)
  process.exitCode = 1
  return false
}

if (require.main === module) module.exports(true)
