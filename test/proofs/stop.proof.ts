import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { listening, start } from '../support/service.ts'

const STREAMS = 500
const READERS = 10
/** So many answers of hundreds of kilobytes are more than the buffers of a connection hold. */
const ANSWERS = 60
/** By so much a stop may take longer on a machine that is slow, or stands still; without an end of its own it would last for ever. */
const BUSY_MS = 30_000

it.each(['0', '2'])(
  'a stop takes 5 s at most with slow readers and 500 event streams, with %s workers',
  async (workers) => {
    const service = start({ PORT: '0', WORKERS: workers })
    const { hostname, port } = new URL(await listening(service))
    const ask = async (path: string, times = 1): Promise<Socket> => {
      const socket = connect(Number(port), hostname)
      socket.on('error', () => undefined)
      onTestFinished(() => void socket.destroy())
      await once(socket, 'connect')
      socket.write(`GET ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\n\r\n`.repeat(times))
      return socket
    }
    const streams = await Promise.all(Array.from({ length: STREAMS }, () => ask('/api/v1/events')))
    for (const stream of streams) expect(String((await once(stream, 'data'))[0])).toContain('200 OK')
    const readers = await Promise.all(Array.from({ length: READERS }, () => ask('/openapi.json', ANSWERS)))
    for (const reader of readers) {
      expect(String((await once(reader, 'data'))[0])).toContain('200 OK')
      reader.pause()
    }

    const stoppedAt = performance.now()
    service.child.kill('SIGTERM')
    await once(service.child, 'exit')
    const tookMs = Math.round(performance.now() - stoppedAt)
    process.stdout.write(`the stop with ${workers} workers took ${tookMs} ms\n`)
    expect(tookMs).toBeLessThan(5_000 + BUSY_MS)
    expect(service.child.exitCode).toBe(0)
  },
)
