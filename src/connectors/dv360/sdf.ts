import { z } from 'zod'
import type { Json } from '../platform/rows.ts'
import { ask, type Talk, TalkFailed, TalkRefused } from '../platform/steps.ts'
import { MAX_ORDERS, orderAgainMs, waitToOrderAgain } from '../reading/order-again.ts'
import { poll } from '../reading/poll.ts'
import { ENTITIES } from './entities.ts'
import { sdfProblemOf, sdfRowOf } from './reports.ts'
import { createSdfTask, downloadSdf, getSdfTask } from './requests.ts'

/** First wait between two looks at a task, in milliseconds. */
const FIRST_WAIT_MS = 15_000

const Name = z.string().regex(/^sdfdownloadtasks\/operations\/[\w-]+$/)
const Task = z.object({
  name: Name,
  done: z.boolean().default(false),
  error: z.object({ code: z.int().default(0), message: z.string().default('') }).optional(),
  response: z.object({ resourceName: z.string().min(1) }).optional(),
})
const Resume = z.object({ name: Name, tasks: z.int() })
/**
 * Codes of google.rpc after which a new task may succeed: DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, INTERNAL,
 * UNAVAILABLE.
 */
const PASSING = new Set([4, 8, 10, 13, 14])

/** Downloads everything below an advertiser as structured data files. */
export function* readSdf(host: string, advertiserId: string, resume: Json | undefined): Talk<void> {
  const begun = Resume.safeParse(resume).data
  let { name, tasks } = begun ?? { name: undefined, tasks: 0 }
  let resourceName: string | undefined
  while (resourceName === undefined) {
    if (name === undefined) {
      name = Task.parse(yield* ask(createSdfTask(host, advertiserId), ENTITIES)).name
      tasks += 1
      yield { is: 'remember', state: { name, tasks } }
    }
    resourceName = yield* filesOf(host, name, tasks < MAX_ORDERS)
    if (resourceName === undefined) yield waitToOrderAgain(orderAgainMs(tasks))
    name = undefined
  }
  yield {
    is: 'download',
    request: downloadSdf(host, resourceName),
    bucket: ENTITIES,
    encoding: 'csv',
    gzip: false,
    archive: 'zip',
    problemOf: sdfProblemOf,
    toRow: sdfRowOf,
  }
}

/** Waits for the files and returns their location; undefined if this task failed and a new one may succeed. */
const filesOf = (host: string, name: string, mayTryAgain: boolean): Talk<string | undefined> =>
  poll('the files were', FIRST_WAIT_MS, function* () {
    const { done, error, response } = Task.parse(yield* ask(getSdfTask(host, name), ENTITIES))
    const isPassing = error !== undefined && PASSING.has(error.code)
    if (isPassing && mayTryAgain) return { found: undefined }
    if (error) {
      const problem = `the platform could not make the files (${error.code}): ${error.message}`
      throw isPassing ? new TalkFailed(problem) : new TalkRefused(problem)
    }
    if (!done) return undefined
    if (!response) throw new Error('a finished task names no files')
    return { found: response.resourceName }
  })
