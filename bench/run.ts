import { execFileSync } from 'node:child_process'
import { benchConversions } from './conversions.ts'
import { benchDelivery } from './delivery.ts'
import { benchExchange } from './exchange.ts'
import { benchHttp } from './http.ts'
import { benchPacing } from './pacing.ts'
import { benchRecords } from './records.ts'
import { benchShading } from './shading.ts'
import { benchShield } from './shield.ts'

import { benchStores } from './stores/index.ts'
import { benchSyncing } from './syncing.ts'
import { benchWorkers } from './workers.ts'

/** Runs a section that wants a process of its own. */
const inItsOwnProcess = (file: string) => async () => {
  execFileSync(process.execPath, [file], { stdio: 'inherit' })
}

const SECTIONS: Readonly<Record<string, () => Promise<void>>> = {
  shield: benchShield,
  http: benchHttp,
  records: benchRecords,
  openrtb: inItsOwnProcess('bench/openrtb.ts'),
  campaigns: inItsOwnProcess('bench/many-campaigns.ts'),
  exchange: benchExchange,
  workers: benchWorkers,
  delivery: benchDelivery,
  pacing: benchPacing,
  shading: benchShading,
  stores: benchStores,
  reads: inItsOwnProcess('bench/reads.ts'),
  sync: benchSyncing,
  hashing: inItsOwnProcess('bench/hashing.ts'),
  conversions: benchConversions,
}

// `npm run bench`: all sections; `npm run bench -- shield`: one of them.
const [wanted] = process.argv.slice(2)
for (const [name, run] of Object.entries(SECTIONS)) {
  if (wanted !== undefined && wanted !== name) continue
  process.stdout.write(`\n## ${name}\n\n`)
  await run()
}
