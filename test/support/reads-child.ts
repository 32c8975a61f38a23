import { Audit } from '../../src/audit/index.ts'
import { DEFAULT_BOUNDS } from '../../src/connectors/conversation/bounds.ts'
import { createLog } from '../../src/log.ts'
import { USUAL_TABLE_LIMITS } from '../../src/metrics/tables.ts'
import { createMemoryRecords } from '../../src/storage/index.ts'
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
    tableLimits: USUAL_TABLE_LIMITS,
    bounds: { ...DEFAULT_BOUNDS, answerMs: 600_000, downloadMs: 600_000 },
    publicFilesOnly: false,
    callCost: 0,
    notifyMail: { from: undefined, to: [] },
    streamUrl: undefined,
    keep: { requests: 90, events: 7, rows: undefined, fileBytes: 1e9 },
  },
  {
    clock,
    log: createLog('silent'),
    audit: new Audit({ clock, log: createLog('silent'), records: createMemoryRecords() }),
    authorize: () => {
      throw new Error('nobody asks')
    },
    onCall: () => {},
    ownSpendOf: async () => undefined,
    onSpend: () => {},
    onEvent: async ({ type }) => void process.stdout.write(`${type}\n`),
  },
)
