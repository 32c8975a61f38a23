import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { parseConfig } from '../src/config/config.ts'
import { createLog } from '../src/log.ts'
import { startService } from '../src/main.ts'

// A part of `npm run verify`: what the service says of itself in /openapi.json, read by a public linter.
const folder = mkdtempSync(join(tmpdir(), 'bidwarden-'))
const settings = parseConfig({ PORT: '0', STORE: 'memory', DATA_DIR: folder })
const service = await startService(settings, { log: createLog('silent') })
const source = await (await fetch(`${service.url}/openapi.json`)).text()
await service.stop()
rmSync(folder, { recursive: true })

const config = await createConfig({
  extends: ['recommended'],
  rules: {
    // That a fixed word and a parameter may stand in one place is how connections were named from the beginning.
    'no-ambiguous-paths': 'off',
    // A call that needs no key and takes nothing cannot be made wrongly.
    'operation-4xx-response': 'off',
  },
})
const problems = await lintFromString({ source, config })
for (const { ruleId, message, location } of problems)
  process.stderr.write(`openapi.json ${location[0]?.pointer ?? ''}: ${message} (${ruleId})\n`)
if (problems.length > 0) process.exitCode = 1
