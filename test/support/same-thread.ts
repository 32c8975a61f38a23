import { EventEmitter } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { diskThreads, serveThread } from '../../src/storage/index.ts'

type Order = Parameters<ReturnType<typeof serveThread>>[0]

const { start } = diskThreads

/**
 * From now on files are written by the thread that runs the tests: to wake another one for each statement, and the first one again
 * for its answer, took more processor time than the statements. Not for two that have one database open: who waits for a lock of
 * the other would keep it from ending.
 */
export function writeInThisThread(): void {
  diskThreads.start = (program) => new SameThread(program) as unknown as Worker
}

/** From now on each file has a thread of its own, as in a service. */
export function writeInOtherThreads(): void {
  diskThreads.start = start
}

/** Carries out orders as a thread would: in their order, later than they are given, each told as a copy. */
class SameThread extends EventEmitter {
  #orders: Order[] = []
  #carryOut: ((order: Order) => void) | undefined
  #isOver = false

  constructor(program: URL) {
    super()
    void this.#serve(program)
  }

  postMessage(order: Order): void {
    if (this.#isOver) return
    this.#orders.push(structuredClone(order))
    if (this.#carryOut) setImmediate(() => this.#work())
  }

  async #serve(program: URL): Promise<void> {
    const { open } = await import(program.href)
    const say = (message: unknown) => void this.emit('message', structuredClone(message))
    this.#carryOut = serveThread(open, say, () => this.#end())
    for (const _ of this.#orders) setImmediate(() => this.#work())
  }

  /** One order, so that whoever waited for its answer goes on before the next one is answered. */
  #work(): void {
    const order = this.#orders.shift()
    if (!order || this.#isOver) return
    try {
      this.#carryOut?.(order)
    } catch (error) {
      this.emit('error', error)
      this.#end()
    }
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    setImmediate(() => this.emit('exit'))
  }
}
