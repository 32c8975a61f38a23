import { hash } from 'node:crypto'
import {
  createRequestStateCodec,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { z } from 'zod'
import { AppError } from '../errors.ts'

/** How long an answer to a question may take, and a preview stay one, in seconds. */
const OPEN_SECONDS = 600

/** Name of the one question of a call, and of its one field. */
const QUESTION = 'confirm'
const Answer = z.object({ [QUESTION]: z.boolean().meta({ title: 'Yes, do it' }) })

interface Sealed {
  readonly digest: string
}

/**
 * Seals what a caller was asked or shown, so that the next call can say that it was: nothing is remembered here, and a
 * seal that somebody else has, or that was made of something else, is none.
 */
export class Seals {
  readonly #codec: ReturnType<typeof createRequestStateCodec<Sealed>>

  /**
   * @param key secret that all processes of the service share; 32 bytes and more
   * @param who the caller
   */
  constructor(key: Uint8Array, who: string) {
    this.#codec = createRequestStateCodec<Sealed>({ key, ttlSeconds: OPEN_SECONDS, bind: () => who })
  }

  /** For the protocol, which verifies what comes back with an answer. */
  readonly verify = (state: string, ctx: ServerContext): Promise<Sealed> => this.#codec.verify(state, ctx)

  of(about: object, ctx: ServerContext): Promise<string> {
    return this.#codec.mint({ digest: digestOf(about) }, ctx)
  }

  async isOf(seal: string, about: object, ctx: ServerContext): Promise<boolean> {
    try {
      return (await this.verify(seal, ctx)).digest === digestOf(about)
    } catch {
      // The codec says no by throwing, and why it does is nobody's business.
      return false
    }
  }
}

const digestOf = (about: object): string => hash('sha256', JSON.stringify(about), 'base64url')

/** One call of a tool, as far as the tool may ask back. */
export class Questions {
  readonly #ctx: ServerContext
  readonly #seals: Seals
  readonly #era: 'legacy' | 'modern'

  constructor(ctx: ServerContext, seals: Seals, era: 'legacy' | 'modern') {
    this.#ctx = ctx
    this.#seals = seals
    this.#era = era
  }

  seal(about: object): Promise<string> {
    return this.#seals.of(about, this.#ctx)
  }

  isSealed(seal: string, about: object): Promise<boolean> {
    return this.#seals.isOf(seal, about, this.#ctx)
  }

  /**
   * Asks the person behind the client. Returns the question as long as it has no answer, undefined once it was agreed to.
   * Throws 403 where the person does not agree, or the revision of the client knows no way to ask. A client that has not
   * declared that it can ask is answered by the protocol's own error.
   * @param about what the answer is about, with what it was like when it was asked; of anything else it is no answer
   */
  async agreed(message: string, about: object): Promise<InputRequiredResult | undefined> {
    const { mcpReq } = this.#ctx
    const answer = inputResponse(mcpReq.inputResponses, QUESTION)
    const isThis = mcpReq.requestState<Sealed>()?.digest === digestOf(about)
    if (isThis && answer.kind === 'elicit') {
      if (answer.action === 'accept' && Answer.safeParse(answer.content).data?.[QUESTION]) return undefined
      throw new AppError('forbidden', 'The person who was asked did not agree, so nothing was changed')
    }
    this.#requireLaterRevision()
    const question = inputRequired.elicit({ message, requestedSchema: Answer })
    return inputRequired({ inputRequests: { [QUESTION]: question }, requestState: await this.seal(about) })
  }

  #requireLaterRevision(): void {
    if (this.#era === 'modern') return
    const detail =
      'This raises what may be spent, so a person is asked, and a client of a revision before 2026-07-28 cannot ask one here; a person can do it in the console or over HTTP'
    throw new AppError('forbidden', detail)
  }
}
