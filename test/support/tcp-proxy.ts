import { once } from 'node:events'
import { createConnection, createServer, type Socket } from 'node:net'

/** What becomes of bytes on the way: `replies` loses only what the server answers. */
type Cut = 'none' | 'replies' | 'all'

/** Stands between a client and a server on this machine, and loses what it is told to. */
export interface TcpProxy {
  readonly port: number
  /** Loses from now on; connections stay as they are, as a network that swallows packets leaves them. */
  cut(what: Cut): void
  /** Loses nothing any more. Connections that lost something are ended, since their streams have holes. */
  heal(): void
  /** Nobody listens from now on, and connections that are there end. */
  refuse(): Promise<void>
  /** Takes connections again. */
  accept(): Promise<void>
  /** What the server says arrives so much later, from now on. */
  delay(ms: number): void
  /** New connections go to another server; those there are end. */
  turnTo(port: number): void
  close(): Promise<void>
}

export async function startProxy(port: number): Promise<TcpProxy> {
  let toPort = port
  let lost: Cut = 'none'
  let delayMs = 0
  const pairs = new Set<{ readonly near: Socket; readonly far: Socket; damaged: boolean }>()
  const server = createServer((near) => {
    const far = createConnection(toPort, '127.0.0.1')
    const pair = { near, far, damaged: lost !== 'none' }
    pairs.add(pair)
    const end = () => {
      pairs.delete(pair)
      near.destroy()
      far.destroy()
    }
    for (const socket of [near, far]) socket.on('error', end).on('close', end)
    /** In the order it came, however the delay changes meanwhile. */
    const late: { readonly bytes: Buffer; readonly dueMs: number }[] = []
    const sendLater = () => {
      const [next] = late
      if (!next) return
      setTimeout(() => {
        if (near.writable) near.write(next.bytes)
        late.shift()
        sendLater()
      }, next.dueMs - performance.now())
    }
    near.on('data', (bytes) => {
      if (lost === 'all') pair.damaged = true
      else far.write(bytes)
    })
    far.on('data', (bytes) => {
      if (lost !== 'none') pair.damaged = true
      else if (delayMs === 0 && late.length === 0) near.write(bytes)
      else {
        late.push({ bytes, dueMs: performance.now() + delayMs })
        if (late.length === 1) sendLater()
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const endPairs = (which: (pair: { damaged: boolean }) => boolean) => {
    for (const pair of [...pairs]) if (which(pair)) pair.near.destroy()
  }
  const { port: ownPort } = address
  return {
    port: ownPort,
    refuse: async () => {
      endPairs(() => true)
      server.close()
      await once(server, 'close')
    },
    accept: async () => {
      server.listen(ownPort, '127.0.0.1')
      await once(server, 'listening')
    },
    cut: (what) => {
      lost = what
    },
    heal: () => {
      lost = 'none'
      endPairs(({ damaged }) => damaged)
    },
    delay: (ms) => {
      delayMs = ms
    },
    turnTo: (other) => {
      toPort = other
      endPairs(() => true)
    },
    close: async () => {
      endPairs(() => true)
      server.close()
      await once(server, 'close')
    },
  }
}
