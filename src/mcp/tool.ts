import {
  type CallToolResult,
  type InputRequiredResult,
  isInputRequiredResult,
  type McpServer,
  type StandardSchemaWithJSON,
  type ToolAnnotations,
} from '@modelcontextprotocol/server'
import { z } from 'zod'
import {
  type Caller,
  check,
  type KeyScope,
  type OwnCall,
  problemOf,
  type RouteProblem,
  RouteRefusal,
  shown,
} from '../api/index.ts'
import { AppError } from '../errors.ts'
import { Questions, type Seals } from './asking.ts'

/** What tools work with: the service's own routes, and a handler of unexpected errors. */
export interface ToolContext {
  readonly own: OwnCall
  readonly seals: Seals
  /** Whether the client speaks revision 2026-07-28 or an older one. */
  readonly era: 'modern' | 'legacy'
  onError(error: unknown): void
}

/** One tool, and who may use it. */
export interface Tool {
  readonly name: string
  readonly scope: KeyScope
  /** Whether it concerns what all organisations share, so that keys of an organisation do not see it. */
  readonly isOperators?: true
  /** Whether it lowers risk: it is then admitted even if the caller has exceeded its limit. */
  readonly lowersRisk?: true
  addTo(server: McpServer, context: ToolContext): void
}

interface ToolParts<I extends z.ZodObject, O extends z.ZodObject> extends Omit<Tool, 'addTo'> {
  readonly title: string
  /** What the tool does, in our own words: no text of a platform or a caller gets in here. */
  readonly description: string
  readonly annotations: ToolAnnotations
  readonly input: I
  /** The members of the answer that are returned. Others are left out. */
  readonly output: O
  /** Runs the tool. A question to the person is returned as it is. */
  run(input: z.output<I>, own: OwnCall, asking: Questions): Promise<unknown>
}

/** Hints of a tool that changes nothing and calls nobody outside the service. */
export const READS: ToolAnnotations = { readOnlyHint: true, openWorldHint: false }

/** Hints of a tool that only lowers what may be spent, so that clients do not ask before they call it. */
export const STOPS: ToolAnnotations = {
  readOnlyHint: false,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
}

/** The longest result of a tool, in characters: it fills the context of a model. */
const MAX_RESULT_CHARS = 32_000
/** The longest text of others within a result, in characters. */
const MAX_TEXT_CHARS = 500

const CUT = '… (cut)'
const shortened = (text: string, most: number): string =>
  text.length <= most ? text : text.slice(0, most - CUT.length) + CUT

/** A text that a platform, a caller or an operator has written, cut to a length that fits a model's context. */
export const otherText = (description: string, most = MAX_TEXT_CHARS) =>
  z
    .string()
    .overwrite((text) => shortened(text, most))
    .describe(description)

/** Makes a tool of its input, its output and what it does. */
export function tool<I extends z.ZodObject, O extends z.ZodObject>(parts: ToolParts<I, O>): Tool {
  const { name, title, description, annotations, input, output, run, ...rest } = parts
  const schemas = { inputSchema: describedOnly(input), outputSchema: describedOnly(output) }
  return {
    name,
    ...rest,
    addTo(server, { own, seals, era, onError }) {
      const about = { title, description, annotations, ...schemas }
      server.registerTool(name, about, (said, ctx) =>
        resultOf(async () => {
          const done = await run(check(input, said ?? {}), own, new Questions(ctx, seals, era))
          return isInputRequiredResult(done) ? done : output.parse(done)
        }, onError),
      )
    },
  }
}

/**
 * The schema as it is listed. It is converted once, since that takes most of the time of a list. It does not validate:
 * the tool itself does, so that errors in arguments read as everywhere else and repeat no value.
 */
function describedOnly(schema: z.ZodObject): StandardSchemaWithJSON {
  const { '~standard': standard } = schema
  const { input, output } = standard.jsonSchema
  const jsonSchema = { input: once(input), output: once(output) }
  return { '~standard': { ...standard, validate: (value: unknown) => ({ value }), jsonSchema } }
}

type Converter = StandardSchemaWithJSON['~standard']['jsonSchema']['input']

/** Caches a conversion for each kind of JSON Schema. */
function once(convert: Converter): Converter {
  const made = new Map<string, ReturnType<Converter>>()
  return (options) => {
    const known = made.get(options.target) ?? convert(options)
    made.set(options.target, known)
    return known
  }
}

async function resultOf(
  work: () => Promise<object>,
  onError: ToolContext['onError'],
): Promise<CallToolResult | InputRequiredResult> {
  try {
    const done = await work()
    if (isInputRequiredResult(done)) return done
    const structuredContent = { ...done }
    const text = JSON.stringify(structuredContent)
    if (text.length > MAX_RESULT_CHARS) throw TOO_LONG
    return { content: [{ type: 'text', text }], structuredContent }
  } catch (error) {
    if (error instanceof RouteRefusal) return refusedResult(error.problem)
    if (!(error instanceof AppError)) onError(error)
    return refusedResult(problemOf(shown(error)))
  }
}

const TOO_LONG = new AppError(
  'payload_too_large',
  `The result has more than ${MAX_RESULT_CHARS} characters; ask for less`,
)

/** The member of `_meta` that contains the problem, for clients that do not parse the text. */
const PROBLEM = 'bidwarden/problem'

/**
 * The result of a call that was refused. Error results match no output schema, so the problem is in a text and in
 * `_meta`.
 */
const refusedResult = (problem: RouteProblem): CallToolResult => ({
  isError: true,
  content: [{ type: 'text', text: JSON.stringify(problem) }],
  _meta: { [PROBLEM]: problem },
})

/** Whether a caller may use a tool. Other tools are not listed for it. */
export const mayUse = ({ may, boundTo }: Caller, { scope, isOperators }: Tool): boolean =>
  may(scope) && !(isOperators && boundTo !== undefined)

/**
 * Asks for a page, and for shorter ones as long as it is too long for a result.
 * @param page the members of the page that are returned
 */
export async function pageThatFits<P extends z.ZodType>(
  page: P,
  limit: number,
  ask: (limit: number) => Promise<unknown>,
): Promise<z.output<P>> {
  for (let most = limit; ; most = Math.ceil(most / 2)) {
    const told = page.parse(await ask(most))
    if (most === 1 || JSON.stringify(told).length <= MAX_RESULT_CHARS) return told
  }
}
