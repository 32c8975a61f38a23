import type { Worker } from 'node:cluster'
import { type BirpcReturn, createBirpc } from 'birpc'
import type { PrimaryCalls, WorkerCalls } from './protocol.ts'

/** Whoever is silent for so long never answers; the end of a process ends its questions at once. */
const ANSWER_MS = 60_000

/** How a worker asks its primary. */
export type Primary = BirpcReturn<PrimaryCalls, WorkerCalls>
/** How the primary asks a worker. */
export type RemoteWorker = BirpcReturn<WorkerCalls, PrimaryCalls>

/** @param calls what the worker may ask for */
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

/** @param calls what the primary may ask for */
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

/** What cannot be sent is for a process that has ended, which ends every question to it. */
const unheard = (): void => undefined
