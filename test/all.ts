import { type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'

// `npm test`: the tests, and beside them `npm run verify`, for which there is time while they wait. What it has found is
// told behind what they say. Arguments are those of Vitest.
const vitest = ['vitest', 'run', '--project', 'tests', ...process.argv.slice(2)]
const testsPass = passes(vitest, { stdio: 'inherit' })

let found = ''
const verified = passes([process.execPath, 'test/verify.ts'], { stdio: ['ignore', 'pipe', 'inherit'] })
const results = await Promise.all([testsPass, verified])
process.stdout.write(found)
if (results.includes(false)) process.exitCode = 1

async function passes([command = '', ...args]: readonly string[], options: SpawnOptions): Promise<boolean> {
  const child = spawn(command, args, options)
  child.stdout?.on('data', (chunk) => (found += chunk))
  const [code] = await once(child, 'close')
  return code === 0
}
