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

/** How long a question may stay unanswered, and a preview valid, in seconds. */
const OPEN_SECONDS = 600

/** The name of the one question of a call, and of its one field. */
const QUESTION = 'confirm'
const Answer = z.object({ [QUESTION]: z.boolean().meta({ title: 'Yes, do it' }) })

interface Sealed {
  readonly digest: string
}

/**
 * Signs what a caller was asked or shown, so that the next call can prove that it was, without any state in the
 * service. A seal is valid only for the same caller and the same content.
 */
export class Seals {
  readonly #codec: ReturnType<typeof createRequestStateCodec<Sealed>>

  /**
   * @param key secret of at least 32 bytes that all processes of the service share
   * @param who the caller
   */
  constructor(key: Uint8Array, who: string) {
    this.#codec = createRequestStateCodec<Sealed>({ key, ttlSeconds: OPEN_SECONDS, bind: () => who })
  }

  /** For the protocol library, which verifies the state that comes back with an answer. */
  readonly verify = (state: string, ctx: ServerContext): Promise<Sealed> => this.#codec.verify(state, ctx)

  of(about: object, ctx: ServerContext): Promise<string> {
    return this.#codec.mint({ digest: digestOf(about) }, ctx)
  }

  async isOf(seal: string, about: object, ctx: ServerContext): Promise<boolean> {
    try {
      return (await this.verify(seal, ctx)).digest === digestOf(about)
    } catch {
      // The codec throws on any invalid seal; the caller need not know why.
      return false
    }
  }
}

const digestOf = (about: object): string => hash('sha256', JSON.stringify(about), 'base64url')

/** One call of a tool, with its ways to ask the person behind the client. */
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
   * Asks the person behind the client. Returns the question while it has no answer, and undefined once the person has
   * agreed. Throws 403 if the person does not agree, or if the client's protocol revision cannot ask. A client that has
   * not declared that it can ask gets the protocol's own error.
   * @param about what the question is about, in its present state: an answer about any other state does not count
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
