import { parseArgs } from 'node:util'
import { play } from './play.ts'

// npm run fuzz -- --cases 1000000 --seed 1 [--minutes 60]
const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '100000' },
    minutes: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const say = (text: string) => process.stdout.write(`${text}\n`)
const { output, wrong, ...figures } = await play({
  cases: Number(values.cases),
  forMs: Number(values.minutes) * 60_000,
  seed: Number(values.seed),
  onProgress: say,
})
say(`seed ${values.seed}: ${JSON.stringify(figures, undefined, 2)}`)
for (const one of wrong) say(one)
if (figures.hasEnded || wrong.length > 0) {
  say(`the last that the service has printed:\n${output}`)
  process.exitCode = 1
}
