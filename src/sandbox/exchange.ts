import { STATUS_CODES } from 'node:http'
import { type Clock, sleep } from '../clock.ts'
import type { Fault, FaultDesk } from './faults.ts'
import { usageHeaders } from './meta-errors.ts'
import { type Call, type Handler, Refusal, type Reply } from './protocol.ts'

/** A platform as the exchange plays it. */
export interface Played {
  readonly handle: Handler
  /** The platform's own answer for an error of its fault script. */
  errorNamed(name: string, call: Call): Reply
  /** Answers a write as if it had been made, and makes nothing. Only of platforms that are known to do so. */
  readonly ignore?: Handler
}

export type Outcome =
  | {
      readonly is: 'answer'
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly content: string | Uint8Array<ArrayBuffer>
    }
  /** The connection is to be cut. */
  | { readonly is: 'cut' }

const CUT: Outcome = { is: 'cut' }
/** The Trade Desk's success without content. */
const NO_CONTENT = 240

/** Plays one call, with the fault that the script has for it. */
export async function exchange(
  { clock, faults }: { readonly clock: Clock; readonly faults: FaultDesk },
  played: Played,
  call: Call,
  fault: Fault | undefined,
): Promise<Outcome> {
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
    case 'reset':
      return CUT
    case 'reset_after':
      run(played.handle, call)
      return CUT
    case 'malformed':
      return cutShort(answer())
    case 'ignored':
      return written(run(played.ignore ?? played.handle, call))
    case 'no_content':
      return withoutContent(answer())
    case 'usage':
      return withHeaders(answer(), usageHeaders(fault.percent))
  }
}

function run(handler: Handler, call: Call): Reply {
  try {
    return handler(call)
  } catch (error) {
    if (error instanceof Refusal) return error.reply
    throw error
  }
}

function written({ status, headers, body }: Reply): Outcome & { is: 'answer' } {
  if (body === undefined) return { is: 'answer', status, headers: headers ?? {}, content: '' }
  if (body instanceof Uint8Array)
    return { is: 'answer', status, headers: headers ?? {}, content: new Uint8Array(body) }
  const json = { 'content-type': 'application/json; charset=UTF-8' }
  return { is: 'answer', status, headers: { ...json, ...headers }, content: JSON.stringify(body) }
}

function page(status: number): Outcome {
  const title = `${status} ${STATUS_CODES[status] ?? 'Error'}`
  const text = `<html><head><title>${title}</title></head><body><center><h1>${title}</h1></center></body></html>`
  return { is: 'answer', status, headers: { 'content-type': 'text/html' }, content: text }
}

/** Half of a JSON object or array is never JSON. */
const cutShort = (answer: Outcome & { is: 'answer' }): Outcome => ({
  ...answer,
  content: answer.content.slice(0, Math.max(1, Math.floor(answer.content.length / 2))) || '{',
})

const withoutContent = (answer: Outcome & { is: 'answer' }): Outcome =>
  answer.status === 200 ? { is: 'answer', status: NO_CONTENT, headers: {}, content: '' } : answer

const withHeaders = (answer: Outcome & { is: 'answer' }, headers: Record<string, string>): Outcome => ({
  ...answer,
  headers: { ...answer.headers, ...headers },
})
