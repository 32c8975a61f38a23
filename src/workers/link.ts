import type { Worker } from 'node:cluster'
import { type BirpcReturn, createBirpc } from 'birpc'
import type { PrimaryCalls, WorkerCalls } from './protocol.ts'

/** How long a call between the processes is awaited. If the other process ends, open calls fail at once. */
const ANSWER_MS = 60_000

/** The primary's calls, as a worker makes them. */
export type Primary = BirpcReturn<PrimaryCalls, WorkerCalls>
/** A worker's calls, as the primary makes them. */
export type RemoteWorker = BirpcReturn<WorkerCalls, PrimaryCalls>

/**
 * Connects the primary to a worker.
 *
 * @param calls the calls that the worker may make
 */
export function linkWorker(worker: Worker, calls: PrimaryCalls): RemoteWorker {
  return createBirpc<WorkerCalls, PrimaryCalls>(calls, {
    post(message) {
      worker.send(message, unheard)
    },
    on: (hear) => worker.on('message', hear),
    bind: 'functions',
    timeout: ANSWER_MS,
  })
}

/**
 * Connects this worker to its primary.
 *
 * @param calls the calls that the primary may make
 */
export function linkPrimary(calls: WorkerCalls): Primary {
  return createBirpc<PrimaryCalls, WorkerCalls>(calls, {
    post(message) {
      process.send?.(message, unheard)
    },
    on: (hear) => process.on('message', hear),
    bind: 'functions',
    timeout: ANSWER_MS,
  })
}

/** Ignores send errors: they mean that the other process has ended, which fails all open calls anyway. */
const unheard = (): void => undefined
