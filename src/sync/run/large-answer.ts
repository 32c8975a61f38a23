import { setImmediate as turn } from 'node:timers/promises'
import { JSONParser, TokenType } from '@streamparser/json'
import type { HttpResponse } from '../../http.ts'
import { MAX_JSON_DEPTH } from '../../json.ts'

/** Answers up to this many characters are parsed in one go, within a few milliseconds. */
const AT_ONCE = 512 * 1024
/** Parsed between two turns of the event loop, some tenths of a millisecond. */
const SLICE = 8 * 1024

/** A long answer in JSON with its body parsed already, a slice at a time; any other one as it is. */
export async function parsedInSlices(response: HttpResponse): Promise<HttpResponse> {
  const { body } = response
  if (body.length <= AT_ONCE) return response
  const parser = new JSONParser({ paths: ['$'] })
  let value: unknown
  let isWhole = false
  let depth = 0
  parser.onValue = (found) => {
    value = found.value
    isWhole = true
  }
  parser.onToken = ({ token }) => {
    if (token === TokenType.LEFT_BRACE || token === TokenType.LEFT_BRACKET) depth += 1
    else if (token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET) depth -= 1
    if (depth > MAX_JSON_DEPTH) throw new Error('too deep')
  }
  try {
    for (let from = 0; from < body.length; from += SLICE) {
      parser.write(body.slice(from, from + SLICE))
      await turn()
    }
  } catch {
    return { ...response, json: { is: 'garbled' } }
  }
  return { ...response, json: isWhole ? { is: 'json', body: value } : { is: 'garbled' } }
}
