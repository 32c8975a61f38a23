import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'

// `npm run verify`: everything that can be said of the sources without a test, all at once, each told whole when it ends.
const CHECKS = [
  'biome check .',
  'tsc --noEmit --checkers 1',
  'tsc --noEmit --checkers 1 -p web',
  'knip --cache --cache-location node_modules/.cache/knip',
  'node test/lint-openapi.ts',
  // The tests look at the console as it is now.
  'node web/build.ts',
]

// What Node has compiled once is kept, as for the tests: three of the checks load much.
process.env['NODE_COMPILE_CACHE'] ??= resolve('node_modules/.cache/compiled')

async function passes(check: string): Promise<boolean> {
  const child = spawn(check, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const [code] = await once(child, 'close')
  process.stdout.write(code === 0 ? `${check}: ok\n` : `${check}: failed\n${output}`)
  return code === 0
}

const results = await Promise.all(CHECKS.map(passes))
if (results.includes(false)) process.exitCode = 1
