import { once } from 'node:events'
import { credentials, loadPackageDefinition, status } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { protoPath } from 'grpc-health-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connectGrpc, type Message } from '../support/grpc.ts'
import { goOn, startHarness, until } from '../support/harness.ts'
import { API_KEYS } from '../support/mcp.ts'

const start = async (environment: Record<string, string> = {}) => {
  const harness = await startHarness({ GRPC_PORT: '0', ...environment })
  return { harness, client: connectGrpc(harness.service.grpcAddress) }
}

const GOOGLE = 'platform:google_ads'

describe('GetBudget', () => {
  it('tells a budget as GET /v1/budgets does', async () => {
    const { harness, client } = await start()
    await harness.bid({ bidAmount: 15.25 })
    await harness.send('POST', `/v1/budgets/${GOOGLE}/pause`, { reason: 'a check' })
    const { message } = await client.call('getBudget', { scope: GOOGLE })
    expect(message).toMatchObject({
      scope: GOOGLE,
      currency: 'USD',
      paused: true,
      pauseReason: 'a check',
      overdraftMicros: 0,
      limits: [
        {
          kind: 'KIND_SLIDING',
          windowSeconds: 600,
          maxMicros: 500_000_000,
          spentMicros: 15_250_000,
          remainingMicros: 484_750_000,
        },
      ],
    })
  })

  it('says which is not there, and keeps those of others', async () => {
    const { client } = await start({ API_KEYS })
    const codeOf = async (scope: string, key: string) =>
      (await client.call('getBudget', { scope }, { key })).error?.code
    expect(await codeOf('platform:nowhere', 'k-reader')).toBe(status.NOT_FOUND)
    expect(await codeOf('', 'k-reader')).toBe(status.NOT_FOUND)
    expect(await codeOf('../keys', 'k-reader')).toBe(status.NOT_FOUND)
    expect(await codeOf(GOOGLE, 'k-bidder')).toBe(status.PERMISSION_DENIED)
    expect(await codeOf('org:8', 'k-seven@7')).toBe(status.NOT_FOUND)
    expect(await codeOf('org:7', 'k-seven@7')).toBeUndefined()
  })
})

describe('WatchBudgets', () => {
  it('tells the budgets that are asked for, then each change of them', async () => {
    const { harness, client } = await start()
    const call = client.watch([GOOGLE, 'platform:meta'])
    call.on('error', () => {})
    const seen: Message[] = []
    call.on('data', (budget: Message) => seen.push(budget))
    await until(() => seen.length === 2)
    expect(seen.map(({ scope }) => scope)).toEqual([GOOGLE, 'platform:meta'])
    await harness.bid({ bidAmount: 20 })
    await harness.bid({ bidAmount: 30, platform: 'tradedesk' })
    const spent = () => seen.findLast(({ scope }) => scope === GOOGLE)?.limits[0].spentMicros
    while (spent() !== 20_000_000) {
      harness.clock.advance(250)
      await goOn()
    }
    expect(new Set(seen.map(({ scope }) => scope))).toEqual(new Set([GOOGLE, 'platform:meta']))
    call.cancel()
    const open = async () =>
      /^bidwarden_table_rows\{table="streams",.*\} (\d+)$/m.exec((await harness.get('/metrics')).body)?.[1]
    while ((await open()) !== '0') await goOn()
  })

  it('ends with the key of who watches, and when the service stops', async () => {
    const { harness, client } = await start({ API_KEYS })
    const admin = { authorization: 'Bearer k-ops' }
    const made = await harness.send('POST', '/v1/keys', { name: 'watcher', scopes: ['read'] }, admin)
    expect(made.status).toBe(200)
    const codes: number[] = []
    const watch = async (key: string) => {
      const call = client.watch([GOOGLE], { key })
      call.on('error', ({ code }: Message) => codes.push(code))
      const first = once(call, 'data')
      call.on('data', () => {})
      await first
    }
    await watch(made.body.key)
    await watch('k-reader')
    const gone = await harness.send('DELETE', '/v1/keys/watcher', undefined, admin)
    expect(gone.status).toBe(200)
    while (codes.length === 0) {
      harness.clock.advance(1_000)
      await goOn()
    }
    expect(codes).toEqual([status.UNAUTHENTICATED])
    await harness.service.stop()
    await until(() => codes.length === 2)
    expect(codes[1]).toBe(status.UNAVAILABLE)
  })

  it.each([[[]], [Array.from({ length: 101 }, (_, i) => `platform:p${i}`)]])(
    'refuses no budgets, and more than a hundred',
    async (scopes) => {
      const { client } = await start()
      const [error] = await once(client.watch(scopes), 'error')
      expect(error).toMatchObject({ code: status.INVALID_ARGUMENT })
    },
  )
})

/** A client of one of the standard services, from the contract that its library brings. */
function standardClient(address: string | undefined, proto: string, name: string): Message {
  let found: Message = loadPackageDefinition(loadSync(proto, { enums: String, oneofs: true }))
  for (const part of name.split('.')) found = found[part]
  const client = new found(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 })
  onTestFinished(() => client.close())
  return client
}

const REFLECTION = 'node_modules/@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto'

describe('the standard services', () => {
  it('tell health as /readyz does', async () => {
    const { harness } = await start()
    const client = standardClient(harness.service.grpcAddress, protoPath, 'grpc.health.v1.Health')
    const check = (service: string) =>
      new Promise<Message>((done) =>
        client.check({ service }, (error: unknown, answer: Message) => done(answer ?? error)),
      )
    expect(await check('')).toMatchObject({ status: 'SERVING' })
    expect(await check('bidwarden.v1.Bidwarden')).toMatchObject({ status: 'SERVING' })
    expect(await check('nobody')).toMatchObject({ code: status.NOT_FOUND })
    const call = client.watch({ service: '' })
    const seen: Message[] = []
    call.on('data', (told: Message) => seen.push(told.status))
    call.on('error', () => {})
    await until(() => seen.length === 1)
    await harness.service.stop()
    await until(() => seen.length === 2)
    expect(seen).toEqual(['SERVING', 'NOT_SERVING'])
  })

  it('tell the contract to who has none', async () => {
    const { harness } = await start()
    const client = standardClient(
      harness.service.grpcAddress,
      REFLECTION,
      'grpc.reflection.v1.ServerReflection',
    )
    // More often than streams may be open at once: those that have ended count no more.
    for (let asked = 0; asked < 110; asked++) {
      const call = client.serverReflectionInfo()
      call.write({ listServices: '' })
      const [{ listServicesResponse }] = await once(call, 'data')
      expect(listServicesResponse.service.map(({ name }: Message) => name)).toContain(
        'bidwarden.v1.Bidwarden',
      )
      call.end()
      await once(call.resume(), 'end')
    }
  })

  it('have a hundred streams open at most, of everybody together', async () => {
    const { harness } = await start()
    const open = () => standardClient(harness.service.grpcAddress, protoPath, 'grpc.health.v1.Health')
    const client = open()
    const calls = Array.from({ length: 100 }, () => {
      const call = client.watch({ service: '' })
      call.on('error', () => {})
      return call
    })
    await Promise.all(calls.map((call) => once(call, 'data')))
    const [error] = await once(open().watch({ service: '' }), 'error')
    expect(error).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
    calls[0].cancel()
    const answered = async () => {
      const call = open().watch({ service: '' })
      call.on('error', () => {})
      return Promise.race([
        once(call, 'data').then(
          () => true,
          () => false,
        ),
        once(call, 'error').then(() => false),
      ])
    }
    while (!(await answered())) await goOn()
  })
})
