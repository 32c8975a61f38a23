import { Tokenizer, TokenParser, TokenType } from '@streamparser/json'
import { exactNumber, JsonTooDeep, MAX_JSON_DEPTH } from '../../json/json.ts'
import { turn } from '../../time/slices.ts'

/** Bytes parsed between two turns of the event loop: a few tenths of a millisecond. */
const SLICE_BYTES = 8 * 1024

/**
 * Parses JSON that arrives in pieces. Throws for invalid or too deeply nested JSON.
 * @param onFirst called with the first token, which tells the type of the whole
 */
export function jsonParser(paths: string[], onFirst?: (token: TokenType) => void): JsonParser {
  const tokenizer = new ExactTokenizer()
  const values = new TokenParser({ paths, keepStack: false })
  let depth = 0
  let isFirst = true
  tokenizer.onToken = (found) => {
    const { token } = found
    if (isFirst) onFirst?.(token)
    isFirst = false
    if (token === TokenType.LEFT_BRACE || token === TokenType.LEFT_BRACKET) depth += 1
    else if (token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET) depth -= 1
    if (depth > MAX_JSON_DEPTH) throw new JsonTooDeep()
    values.write(found)
  }
  return {
    write: (slice) => tokenizer.write(slice),
    set onValue(told: TokenParser['onValue']) {
      values.onValue = told
    },
    set onEnd(told: () => void) {
      values.onEnd = () => {
        if (!tokenizer.isEnded) tokenizer.end()
        told()
      }
    },
  }
}

export interface JsonParser {
  write(slice: Uint8Array): void
  set onValue(told: TokenParser['onValue'])
  set onEnd(told: () => void)
}

class ExactTokenizer extends Tokenizer {
  protected override parseNumber(text: string): number {
    // The library passes the result on unchanged and documents that it may be text.
    return exactNumber(text) as number
  }
}

/** Yields the pieces of a body with a turn of the event loop before each. */
export async function* slicesOf(
  body: AsyncIterable<Uint8Array>,
  bytes = SLICE_BYTES,
): AsyncGenerator<Buffer> {
  for await (const piece of body) {
    const chunk = Buffer.isBuffer(piece) ? piece : Buffer.from(piece)
    for (let from = 0; from < chunk.length; from += bytes) {
      await turn()
      yield chunk.subarray(from, from + bytes)
    }
  }
}
