import { median } from './measure.ts'
import { runClient, startServer } from './servers.ts'

const ROUNDS = 5

interface Load {
  readonly perSecond: number
  readonly p99Ms: number
  readonly bids: number
  readonly noBids: number
}

/** `POST /openrtb2/{seat}/bid` beside a bare `node:http` server with the same requests, in turn in the same run. */
export async function benchExchange(): Promise<void> {
  const bare = await startServer('bench/cases/bare-node.ts')
  const service = await startServer('src/main.ts', {
    OPENRTB_BUDGET: '9000000000',
    OPENRTB_RATES: '{"EUR":1.08,"GBP":1.27,"JPY":0.0065}',
    // Under a flat-out load the event loop is always late; shedding is not what is measured here.
    OPENRTB_SHED_ABOVE_MS: '100000',
  })
  const plain: Load[] = []
  const ours: Load[] = []
  for (let round = 0; round < ROUNDS; round++) {
    plain.push(JSON.parse(await runClient(['bench/cases/openrtb-client.ts', bare.url])))
    ours.push(JSON.parse(await runClient(['bench/cases/openrtb-client.ts', service.url])))
  }
  bare.stop()
  service.stop()
  const of = (loads: readonly Load[], figure: keyof Load) => median(loads.map((load) => load[figure]))
  const ratio = of(ours, 'perSecond') / of(plain, 'perSecond')
  const row = (...cells: (string | number)[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`)
  row('figure', 'value', 'goal')
  row('---', '---', '---')
  row('bare node:http, requests/s', of(plain, 'perSecond').toFixed(0), '')
  row('`POST /openrtb2/example/bid`, requests/s', of(ours, 'perSecond').toFixed(0), '')
  row('ratio', ratio.toFixed(2), '≥ 0.65')
  row('p99 flat out, bare · ours, ms', `${of(plain, 'p99Ms')} · ${of(ours, 'p99Ms')}`, '')
  const [last] = ours
  const answered = last ? last.bids / (last.bids + last.noBids) : 0
  row('answered with a bid and a hold', `${(answered * 100).toFixed(0)} %`, '')
}
