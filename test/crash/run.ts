import { parseArgs } from 'node:util'
import { redisRounds } from './redis-rounds.ts'
import { tableOf } from './report.ts'
import { sqliteRounds } from './sqlite-rounds.ts'

// npm run crash -- --rounds 200 --store sqlite|redis --seed 1 [--workers 2, with sqlite]
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    store: { type: 'string', default: 'sqlite' },
    workers: { type: 'string', default: '0' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const began = performance.now()
const [rounds, seed] = [Number(values.rounds), Number(values.seed)]
const report = await (values.store === 'redis'
  ? redisRounds(rounds, seed)
  : sqliteRounds(rounds, seed, Number(values.workers)))
const seconds = ((performance.now() - began) / 1000).toFixed(0)
process.stdout.write(`${tableOf([report])}\nSeed ${values.seed}, ${seconds} s. Answers to bids:\n`)
for (const [code, times] of report.answers) process.stdout.write(`${times} ${code}\n`)
const isWrong = report.overspent + report.forgotten + report.unknown + report.limitsLost > 0
if (isWrong || report.ledger !== 'right') process.exitCode = 1
