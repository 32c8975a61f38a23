import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { BID } from '../support/asks.ts'
import { freePort } from '../support/free-port.ts'
import { folder, listening } from '../support/service.ts'
import { buildImage, type Container, type Image, runContainer } from './image.ts'

const KEY = 'key-of-the-image-test'
const API_KEYS = `ops:admin:${createHash('sha256').update(KEY).digest('hex')}`
const USER = 1000

/** Mounts need root; an engine of containers has it as well. */
describe.runIf(process.getuid?.() === 0)('what the image runs', () => {
  let image: Image
  const folderOfStages = mkdtempSync(join(tmpdir(), 'bidwarden-image-'))
  beforeAll(() => {
    image = buildImage('Dockerfile', folderOfStages)
  }, 600_000)
  // Tens of thousands of files, which a busy disk takes minutes to remove.
  afterAll(() => rmSync(folderOfStages, { recursive: true }), 600_000)

  function volume(): string {
    const path = folder()
    chownSync(path, USER, USER)
    return path
  }

  function run(data: string, environment: Record<string, string>): Container {
    const container = runContainer(image, data, environment)
    onTestFinished(() => void container.child.kill('SIGKILL'))
    return container
  }

  const started = (container: Container, dataDir: string) => listening({ ...container, dataDir })

  async function ask(port: number, path: string, body?: unknown) {
    const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', accept: '*/*' }
    if (path === '/') headers.accept = 'text/html'
    const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
    const reply = await fetch(`http://127.0.0.1:${port}${path}`, init)
    return { status: reply.status, text: await reply.text() }
  }

  it('bids, shows the console, writes to its volume alone, stops on SIGTERM, and knows afterwards what it spent', async () => {
    const data = volume()
    const port = await freePort()
    const environment = { PORT: String(port), API_KEYS, LOG_LEVEL: 'warn' }
    const first = run(data, environment)
    await started(first, data)
    expect(await ask(port, '/v1/bids', BID)).toMatchObject({ status: 200 })
    expect(await ask(port, '/')).toMatchObject({ status: 200, text: expect.stringContaining('<script') })

    const health = runContainer(image, data, { PORT: String(port) }, [...image.healthCheck])
    expect(await once(health.child, 'close'), health.output()).toEqual([0, null])
    first.child.kill('SIGTERM')
    expect(await once(first.child, 'close'), first.output()).toEqual([0, null])
    const afterwards = runContainer(image, data, { PORT: String(port) }, [...image.healthCheck])
    expect(await once(afterwards.child, 'close')).toEqual([1, null])

    const files = readdirSync(data).map((name) => statSync(join(data, name)))
    expect(files.length).toBeGreaterThan(1)
    for (const { uid, mode } of files) expect([uid, mode & 0o077]).toEqual([USER, 0])

    const second = run(data, environment)
    await started(second, data)
    const budget = await ask(port, '/v1/budgets/platform:google_ads')
    expect(JSON.parse(budget.text)).toMatchObject({ limits: [{ spent: 150 }] })
    second.child.kill('SIGTERM')
    await once(second.child, 'close')
  })

  it('brings along what is compiled and stripped of types, for every thread and worker, in live mode too', async () => {
    const debug = { PORT: '0', API_KEYS, NODE_DEBUG_NATIVE: 'COMPILE_CACHE' }
    const live = {
      MOCK_MODE: 'false',
      META_ACCESS_TOKEN: 'a',
      META_BUSINESS_ID: '1',
      OPENRTB_SEATS: '[{"id":"a"}]',
    }
    for (const environment of [
      { ...debug, WORKERS: '1' },
      { ...debug, ...live, GRPC_PORT: '0' },
    ]) {
      const container = run(volume(), environment)
      await started(container, '')
      expect(container.output()).toMatch(/StrippedTypeScript \S+sqlite-worker\.ts/)
      expect(container.output()).not.toContain('no transpile cache for StrippedTypeScript')
      container.child.kill('SIGTERM')
      await once(container.child, 'close')
    }
  })

  it('says in a line that it needs keys, since it listens for others', async () => {
    const container = run(volume(), { PORT: '0' })
    expect(await once(container.child, 'close')).toEqual([1, null])
    expect(container.output()).toContain('API_KEYS')
    expect(container.output()).not.toContain('    at ')
  })

  it('says in a line that its volume is not its own', async () => {
    const container = run(folder(), { PORT: '0', API_KEYS })
    expect(await once(container.child, 'close')).toEqual([1, null])
    expect(container.output()).toMatch(/^Cannot start: .*\/data.*$/m)
  })

  it('has one Node, no packages of development, and no test', () => {
    const names = readdirSync(join(image.root, 'app'), { recursive: true }).map(String)
    expect(names).toContain('node_modules/hono/package.json')
    expect(names).toContain('web/dist/index.html')
    expect(
      names.filter((name) => /(^|\/)bin\/node$|\/vitest\/package\.json$|^src\/.*\.test\.ts$/.test(name)),
    ).toEqual([])
  })
})
