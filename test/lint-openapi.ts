import { createConfig, lintFromString } from '@redocly/openapi-core'
import { apiDocumentText } from './support/api-document.ts'

// A part of `npm run verify`: what the service says of itself in /openapi.json, read by a public linter.
const source = await apiDocumentText()
const config = await createConfig({
  extends: ['recommended'],
  rules: {
    // That a fixed word and a parameter may stand in one place is how connections were named from the beginning.
    'no-ambiguous-paths': 'off',
    // A call that needs no key and takes nothing cannot be made wrongly.
    'operation-4xx-response': 'off',
  },
})
/** Browsers are sent on from these: nothing is answered but where to. */
const SENDS_ON = /^#\/paths\/~1v1~1session~1oidc/
const problems = (await lintFromString({ source, config })).filter(
  ({ ruleId, location }) => ruleId !== 'operation-2xx-response' || !SENDS_ON.test(location[0]?.pointer ?? ''),
)
for (const { ruleId, message, location } of problems)
  process.stderr.write(`openapi.json ${location[0]?.pointer ?? ''}: ${message} (${ruleId})\n`)
if (problems.length > 0) process.exitCode = 1
