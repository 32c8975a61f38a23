import { randomBytes } from 'node:crypto'
import { hashKey, KEY_SCOPES } from '../api/index.ts'

// `npm run key -- <name>[@<organisation>] <scope>[+<scope>]`: prints a new key once, and the entry for API_KEYS that accepts it.
const [name = '', scopes = ''] = process.argv.slice(2)
const known = scopes.split('+').every((scope) => KEY_SCOPES.some((one) => one === scope))
if (!/^[\w-]{1,32}(@[1-9]\d{0,8})?$/.test(name) || !known) {
  process.stderr.write(
    `usage: npm run key -- <name>[@<organisation>] <scope>[+<scope>], scopes: ${KEY_SCOPES.join(', ')}\n`,
  )
  process.exit(2)
}
const key = `bw_${randomBytes(32).toString('base64url')}`
process.stdout.write(
  `key (shown once): ${key}\nAPI_KEYS entry:   ${name}:${scopes}:${hashKey(key).toString('hex')}\n`,
)
