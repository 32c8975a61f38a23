import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from 'node:http2'
import { status } from '@grpc/grpc-js'
import { describe, expect, it, onTestFinished } from 'vitest'
import { goOn, startHarness } from '../support/harness.ts'
import { API_KEYS } from '../support/mcp.ts'

const PLACE_BID = '/bidwarden.v1.Bidwarden/PlaceBid'
const HEALTH = '/grpc.health.v1.Health/Check'
/** What says that a message of 60,000 bytes follows, and its beginning. */
const HALF = Buffer.concat([Buffer.from([0, 0, 0, 0xea, 0x60]), Buffer.alloc(1_000)])

const start = async () => {
  const harness = await startHarness({ GRPC_PORT: '0', API_KEYS })
  const session = connect(`http://${harness.service.grpcAddress}`)
  onTestFinished(() => session.destroy())
  return { harness, session }
}

interface HalfCall {
  readonly stream: ClientHttp2Stream
  /** Its status, once it has one. */
  code(): number | undefined
}

/** A call that sends half of its message, and no more. */
function halfCall(session: ClientHttp2Session, path: string, key?: string): HalfCall {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(key !== undefined && { authorization: `Bearer ${key}` }),
  })
  let code: number | undefined
  const take = (headers: IncomingHttpHeaders) => {
    if (headers['grpc-status'] !== undefined) code = Number(headers['grpc-status'])
  }
  stream.on('response', take)
  stream.on('trailers', take)
  stream.on('error', () => {})
  stream.resume()
  stream.write(HALF)
  return { stream, code: () => code }
}

describe('a call whose message does not come', () => {
  it.each([[undefined], ['k-nobody']])('is refused at once without a valid key (%s)', async (key) => {
    const { session } = await start()
    const { stream, code } = halfCall(session, PLACE_BID, key)
    await once(stream, 'response')
    expect(code()).toBe(status.UNAUTHENTICATED)
  })

  it.each([[PLACE_BID], [HEALTH]])('ends after half a minute (%s)', async (path) => {
    const { harness, session } = await start()
    const { code } = halfCall(session, path, 'k-bidder')
    await once(session, 'remoteSettings')
    let seconds = 0
    for (; code() === undefined && seconds < 120; seconds++) {
      harness.clock.advance(1_000)
      await goOn()
    }
    expect(code()).toBe(status.DEADLINE_EXCEEDED)
    expect(seconds).toBeGreaterThanOrEqual(30)
  })

  it('keeps no more than two hundred of those that need no key, and lets bids through', async () => {
    const { harness, session } = await start()
    const others = [1, 2].map(() => connect(`http://${harness.service.grpcAddress}`))
    onTestFinished(() => {
      for (const other of others) other.destroy()
    })
    const calls = [session, ...others].flatMap((one) =>
      Array.from({ length: 90 }, () => halfCall(one, HEALTH)),
    )
    const refused = () => calls.filter(({ code }) => code() === status.RESOURCE_EXHAUSTED).length
    while (refused() < 70) await goOn()
    expect(refused()).toBe(70)
    for (const { stream } of calls.slice(0, 90)) stream.close()
    const bid = halfCall(session, PLACE_BID)
    await once(bid.stream, 'response')
    expect(bid.code()).toBe(status.UNAUTHENTICATED)
  })
})
