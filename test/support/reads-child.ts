import { createLog } from '../../src/log.ts'
import { keysInFolder, startSync } from '../../src/sync/index.ts'
import { exampleConnector } from './example-connector.ts'
import { FakeClock } from './fake-clock.ts'

/** The read stack in a process of its own. Time passes a hundred times as fast as it does outside. */
const [dataDir = '', platformUrl = '', startMs = ''] = process.argv.slice(2)

const clock = new FakeClock(Number(startMs))
setInterval(() => clock.advance(100), 1)
await startSync(
  {
    store: { is: 'sqlite', dataDir },
    files: { is: 'folder', dataDir },
    keys: () => keysInFolder(dataDir),
    connectors: [exampleConnector(platformUrl)],
    clients: { DV360: { clientId: 'example', clientSecret: 'example-secret' } },
    callbacks: { urls: [], loopback: true },
    limits: {},
    maxConcurrent: 4,
    timeoutMs: 600_000,
    callCost: 0,
    notifyUrl: undefined,
    notifyMail: { from: undefined, to: [] },
    streamUrl: undefined,
    keep: { requests: 90, events: 7, rows: undefined },
  },
  {
    clock,
    log: createLog('silent'),
    authorize: () => {
      throw new Error('nobody asks')
    },
    onCall: () => {},
    ownSpendOf: async () => undefined,
    onSpend: () => {},
    onEvent: ({ type }) => process.stdout.write(`${type}\n`),
  },
)
