// How the service is run by Node; bin/run.cjs says why.
'use strict'

const path = require('node:path')

module.exports = {
  serviceOptions: ['--max-semi-space-size=4'],
  compiledIn: path.join(__dirname, '../node_modules/.cache/compiled'),
}
