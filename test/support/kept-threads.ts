import type { ResourceLimits, Worker } from 'node:worker_threads'
import { diskThreads } from '../../src/storage/index.ts'

/** Threads without a file, by program and limits; most of each. */
const idle = new Map<string, Worker[]>()
const MAX_IDLE = 4
const kinds = new WeakMap<Worker, string>()
const { start, end } = diskThreads

/**
 * From now on the threads of files are those of the tests before. To start one takes longer than all the rest of a
 * service's start; each file is still opened and closed by a thread of its own.
 */
export function keepThreads(): void {
  diskThreads.start = started
  diskThreads.end = kept
}

/** From now on each file has a thread of its own again. */
export function startThreadsAnew(): void {
  Object.assign(diskThreads, { start, end })
}

function started(program: URL, memory: ResourceLimits): Worker {
  const kind = JSON.stringify([program, memory])
  const worker = idle.get(kind)?.pop() ?? start(program, memory)
  kinds.set(worker, kind)
  worker.removeAllListeners()
  worker.ref()
  return worker
}

async function kept(worker: Worker): Promise<void> {
  const kind = kinds.get(worker)
  const same = idle.get(kind ?? '') ?? []
  if (kind === undefined || same.length >= MAX_IDLE) {
    await end(worker)
    return
  }
  idle.set(kind, same)
  worker.removeAllListeners()
  // One that ends all the same is no longer there.
  const drop = () => same.splice(same.indexOf(worker) >>> 0, 1)
  worker.on('error', drop)
  worker.on('exit', drop)
  worker.unref()
  // Once who had it last knows that it is gone.
  setImmediate(() => same.push(worker))
}
