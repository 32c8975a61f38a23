import { benchHttp } from './http.ts'
import { benchShield } from './shield.ts'

const SECTIONS: Readonly<Record<string, () => Promise<void>>> = { shield: benchShield, http: benchHttp }

// `npm run bench`: all sections; `npm run bench -- shield`: one of them.
const [wanted] = process.argv.slice(2)
for (const [name, run] of Object.entries(SECTIONS)) {
  if (wanted !== undefined && wanted !== name) continue
  process.stdout.write(`\n## ${name}\n\n`)
  await run()
}
