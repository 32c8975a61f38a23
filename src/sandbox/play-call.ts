import { STATUS_CODES } from 'node:http'
import { type Clock, sleep } from '../time/clock.ts'
import type { Fault, ServedFaults } from './faults.ts'
import { usageHeaders } from './meta/errors.ts'
import { type Call, type Handler, type Played, Refusal, type SandboxReply } from './protocol.ts'

export type PlayedOutcome =
  | {
      readonly is: 'answer'
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly content: string | Uint8Array<ArrayBuffer>
    }
  /** The connection is to be cut. */
  | { readonly is: 'cut' }

const JSON_TYPE = { 'content-type': 'application/json; charset=UTF-8' }
const CUT: PlayedOutcome = { is: 'cut' }
/** The HTTP status of the Trade Desk's success without content. */
const NO_CONTENT = 240

/** Answers one call as the platform would, or as the fault says. */
export async function playCall(
  { clock, faults }: { readonly clock: Clock; readonly faults: ServedFaults },
  played: Played,
  call: Call,
  fault: Fault | undefined,
): Promise<PlayedOutcome> {
  const answer = () => written(run(played.handle, call))
  if (fault === undefined) return answer()
  switch (fault.is) {
    case 'latency':
      await sleep(clock, fault.ms)
      return answer()
    case 'hold':
      return (await faults.hold()) ? answer() : CUT
    case 'hold_after': {
      const held = answer()
      return (await faults.hold()) ? held : CUT
    }
    case 'error':
      return written(played.errorNamed(fault.name, call))
    case 'http':
      return page(fault.status)
    case 'http_after':
      run(played.handle, call)
      return page(fault.status)
    case 'instead':
      return {
        is: 'answer',
        status: fault.status,
        headers: { ...JSON_TYPE, ...fault.headers },
        content: fault.text,
      }
    case 'reset':
      return CUT
    case 'reset_after':
      run(played.handle, call)
      return CUT
    case 'malformed':
      return cutShort(answer())
    case 'ignored':
    case 'not_made':
      return written(run(played.ignore ?? played.handle, call))
    case 'job_failed':
      return written(run(played.jobFailed ?? played.handle, call))
    case 'no_content':
      return withoutContent(answer())
    case 'usage':
      return withHeaders(answer(), usageHeaders(fault.percent))
  }
}

function run(handler: Handler, call: Call): SandboxReply {
  try {
    return handler(call)
  } catch (error) {
    if (error instanceof Refusal) return error.reply
    throw error
  }
}

function written({ status, headers, body }: SandboxReply): PlayedOutcome & { is: 'answer' } {
  if (body === undefined) return { is: 'answer', status, headers: headers ?? {}, content: '' }
  if (body instanceof Uint8Array)
    return { is: 'answer', status, headers: headers ?? {}, content: new Uint8Array(body) }
  return { is: 'answer', status, headers: { ...JSON_TYPE, ...headers }, content: JSON.stringify(body) }
}

function page(status: number): PlayedOutcome {
  const title = `${status} ${STATUS_CODES[status] ?? 'Error'}`
  const text = `<html><head><title>${title}</title></head><body><center><h1>${title}</h1></center></body></html>`
  return { is: 'answer', status, headers: { 'content-type': 'text/html' }, content: text }
}

/** Half of a JSON object or array is never JSON. */
const cutShort = (answer: PlayedOutcome & { is: 'answer' }): PlayedOutcome => ({
  ...answer,
  content: answer.content.slice(0, Math.max(1, Math.floor(answer.content.length / 2))) || '{',
})

const withoutContent = (answer: PlayedOutcome & { is: 'answer' }): PlayedOutcome =>
  answer.status === 200 ? { is: 'answer', status: NO_CONTENT, headers: {}, content: '' } : answer

const withHeaders = (
  answer: PlayedOutcome & { is: 'answer' },
  headers: Record<string, string>,
): PlayedOutcome => ({
  ...answer,
  headers: { ...answer.headers, ...headers },
})
