import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, onTestFinished } from 'vitest'
import { parseConfig } from '../../src/config/config.ts'
import type { Connector } from '../../src/connectors/index.ts'
import { createLog } from '../../src/log.ts'
import { type Service, startService } from '../../src/main.ts'
import type { Sandbox } from '../../src/sandbox/index.ts'
import { DiskThread } from '../../src/storage/index.ts'
import { FakeClock } from './fake-clock.ts'
import { copyMigratedFile } from './migrated-file.ts'
import { isOnTheWire } from './on-the-wire.ts'

/** An answer with its body already read. */
export interface Reply {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects of a body
  readonly body: any
}

export interface Harness {
  readonly clock: FakeClock
  readonly service: Service
  readonly sandbox: Sandbox
  readonly url: string
  /** Every line the service has logged. */
  readonly logged: Record<string, unknown>[]
  /** Places a bid; whatever is left out has a harmless default. */
  bid(fields?: Record<string, unknown>, headers?: Record<string, string>): Promise<Reply>
  get(path: string, headers?: Record<string, string>): Promise<Reply>
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>
}

/** The real service in mock mode on fake time and free ports, stopped when the test ends. */
export const startHarness = (
  environment: Record<string, string> = {},
  connectors: readonly Connector[] = [],
): Promise<Harness> => startUntil(onTestFinished, environment, connectors)

/**
 * One service for all tests of a suite that change nothing the others look at: it starts with the first that asks for it,
 * and is stopped after the last.
 */
export function sharedHarness(): () => Promise<Harness> {
  const ends: (() => Promise<void> | void)[] = []
  let harness: Promise<Harness> | undefined
  afterAll(async () => {
    for (const end of ends.reverse()) await end()
  })
  return () => {
    harness ??= startUntil((end) => ends.push(end), {}, [])
    return harness
  }
}

/** @param atEnd takes what is to be done in the end, the last first */
async function startUntil(
  atEnd: (end: () => Promise<void> | void) => void,
  environment: Record<string, string>,
  connectors: readonly Connector[],
): Promise<Harness> {
  const clock = new FakeClock()
  const logged: Record<string, unknown>[] = []
  const log = createLog('debug', { write: (line) => logged.push(JSON.parse(line)) })
  const folder = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  atEnd(() => rmSync(folder, { recursive: true, force: true }))
  if (environment['DATA_DIR'] === undefined) await copyMigratedFile(folder)
  // Answers at once, so that fake time is all the time there is.
  const config = parseConfig({
    PORT: '0',
    STORE: 'memory',
    DATA_DIR: folder,
    // As slow as platforms are: fake time is free, and what happens meanwhile is tested.
    SANDBOX_REPORT_MS: '60000',
    ...environment,
  })
  const service = await startService(config, { clock, log, connectors })
  atEnd(() => stopped(service, clock))
  const { sandbox } = service
  if (!sandbox) throw new Error('the harness runs in mock mode only')

  const send = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(service.url + path, {
      method,
      headers: method === 'GET' ? headers : { 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json')
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
  }
  const base = {
    customerId: 'CUST_001',
    campaignId: 'c1',
    platform: 'google_ads',
    predictedLtv: 1200,
    bidAmount: 100,
  }
  return {
    clock,
    service,
    sandbox,
    url: service.url,
    logged,
    bid: (fields = {}, headers) => send('POST', '/v1/bids', { ...base, ...fields }, headers),
    get: (path, headers) => send('GET', path, undefined, headers),
    send,
  }
}

/** How long something may take that comes in milliseconds on a quiet machine. */
const PATIENCE_MS = 45_000

/** Resolves once `holds` is true, looking again after every turn of the event loop. */
export async function until(holds: () => boolean): Promise<void> {
  for (const endMs = performance.now() + PATIENCE_MS; performance.now() < endMs; ) {
    if (holds()) return
    await new Promise((resolve) => setImmediate(resolve))
  }
  throw new Error('it never came to be')
}

/** As many turns of the event loop as a call to a platform here may take. */
const TURNS = 20

/** Questions to those who write files that have no answer yet. */
let asked = 0
const { ask } = DiskThread.prototype
DiskThread.prototype.ask = async function (question) {
  asked += 1
  try {
    return await ask.call(this, question)
  } finally {
    asked -= 1
  }
}

/** What others than the event loop have in hand: threads, the pool of Node's, the kernel. */
const isElsewhere = () =>
  asked > 0 ||
  isOnTheWire() ||
  process
    .getActiveResourcesInfo()
    .some((resource) => resource.startsWith('FSReq') || resource === 'TCPConnectWrap')

/**
 * Lets what is under way go on before fake time does: so much real time, and then turns of the event loop until nothing
 * is read or written any more, by a thread, in a file or between a client and a server of this thread. On a busy machine
 * real time may pass without any of that.
 */
export async function goOn(forMs = 2): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, forMs))
  do {
    while (isElsewhere()) await new Promise((resolve) => setTimeout(resolve, 1))
    for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve))
  } while (isElsewhere())
}

/** A test that waits lets what is under way go on so often before fake time does. */
export const TURNS_WITHOUT_TIME = 20

/** Whether a test that waits asks the service in this turn: as long as no time passes, more and more seldom. */
export const isLookedAt = (turn: number): boolean =>
  turn >= TURNS_WITHOUT_TIME || Number.isInteger(Math.log2(Math.max(turn, 1)))

/** Of {@link goOn}, not of seconds: so many a service may take to stop by itself, however slow the machine is. */
const STOP_TURNS = 200

/** Stops a service on fake time. Where it waits for an answer that never comes, time passes until it gives up. */
export async function stopped(service: Pick<Service, 'stop'>, clock: FakeClock): Promise<void> {
  let isOver = false
  const stopping = service.stop().finally(() => {
    isOver = true
  })
  for (let turn = 0; !isOver; turn++) {
    await Promise.race([stopping, goOn()])
    if (turn >= STOP_TURNS) clock.advance(1_000)
  }
  await stopping
}
