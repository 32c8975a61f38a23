import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { startRedis } from '../../../../../test/support/redis-server.ts'
import { micros } from '../../../../money.ts'
import { systemClock } from '../../../../time/clock.ts'
import { StoreUnavailable } from '../../protocol/store.ts'
import { line, SCOPE } from '../store-contract.test-support.ts'
import { RedisStore } from './redis-store.ts'

/** A Redis that answers every script with the error `fault.answer` while one is set, and all else as usual. */
async function failingRedis() {
  const redis = await startRedis()
  onTestFinished(() => redis.close())
  const sockets = new Set<Socket>()
  const fault: { answer: string | undefined } = { answer: undefined }
  const server = createServer((client) => {
    const behind = connect(Number(new URL(redis.url).port), '127.0.0.1')
    for (const socket of [client, behind]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    client.on('data', (asked) => {
      // The number of script calls in this packet; each gets an answer.
      const scripts = asked.toString('latin1').match(/\r\nevalsha\r\n/gi)?.length ?? 0
      if (fault.answer === undefined || scripts === 0) behind.write(asked)
      else client.write(`-${fault.answer}\r\n`.repeat(scripts))
    })
    behind.on('data', (answered) => client.write(answered))
    client.on('close', () => behind.destroy())
    behind.on('close', () => client.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { fault, url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

it.each([
  'LOADING Redis is loading the dataset in memory',
  'MOVED 3999 127.0.0.1:1',
  "READONLY You can't write against a read only replica.",
  "OOM command not allowed when used memory > 'maxmemory'.",
  'MASTERDOWN Link with MASTER is down',
  'MISCONF Redis is configured to save RDB snapshots',
  'NOPERM this user has no permissions to run the command',
  'CLUSTERDOWN The cluster is down',
])('an error as answer grants and books nothing, and work goes on when it ends: %s', async (answer) => {
  const { fault, url } = await failingRedis()
  const store = await RedisStore.open({ clock: systemClock, url })
  onTestFinished(() => store.close())
  await store.trust()
  const limits = [{ kind: 'sliding', windowMs: 600_000, max: micros(100) }] as const
  await store.define({ scope: SCOPE, currency: 'USD', limits, by: 'configuration' })
  const [before] = await store.sync('a', [line(1, { need: 40 })])
  expect(before).toMatchObject({ is: 'granted', granted: 40 })

  fault.answer = answer
  const refused = [
    () => store.sync('a', [line(2, { need: 10 })]),
    () => store.bill([{ scope: SCOPE, owner: 'gone', id: 'a bill', amount: 7 }]),
    () => store.setPause(SCOPE, { is: 'paused', reason: 'a check' }),
    () => store.define({ scope: 'another', currency: 'USD', limits, by: 'configuration' }),
    () => store.remove(SCOPE),
  ]
  for (const ask of refused) await expect(ask()).rejects.toBeInstanceOf(StoreUnavailable)

  fault.answer = undefined
  // After some of these answers the client connects anew.
  const again = async () => (await store.sync('a', [line(2, { need: 10 })]).catch(() => []))[0]
  await expect.poll(again).toMatchObject({ is: 'granted', granted: 10 })
  const [other] = await store.sync('b', [line(1, { need: 100 })])
  expect(other).toMatchObject({ granted: 50, standing: { spentEver: 0 } })
  expect(store.control([SCOPE]).scopes).toMatchObject([{ pause: { is: 'running' } }])
})
