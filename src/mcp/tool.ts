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

/** What a tool works with: the service's own routes, and a place for what nobody foresaw. */
export interface ToolContext {
  readonly own: OwnCall
  readonly seals: Seals
  /** Whether the client speaks revision 2026-07-28, or an older one. */
  readonly era: 'modern' | 'legacy'
  onError(error: unknown): void
}

/** One tool, and who may use it. */
export interface Tool {
  readonly name: string
  readonly scope: KeyScope
  /** Whether it concerns what organisations share; keys of an organisation do not see it then. */
  readonly isOperators?: true
  /** Whether it lowers risk: it is then admitted however much the caller has asked for. */
  readonly lowersRisk?: true
  addTo(server: McpServer, context: ToolContext): void
}

interface ToolParts<I extends z.ZodObject, O extends z.ZodObject> extends Omit<Tool, 'addTo'> {
  readonly title: string
  /** What it does, in words of ours alone: nothing that a platform or a caller has written gets here. */
  readonly description: string
  readonly annotations: ToolAnnotations
  readonly input: I
  /** What of an answer is told. Members that it does not name are left out. */
  readonly output: O
  /** Does it. A question is returned as it is. */
  run(input: z.output<I>, own: OwnCall, asking: Questions): Promise<unknown>
}

/** Hints of a tool that changes nothing and asks nobody outside the service. */
export const READS: ToolAnnotations = { readOnlyHint: true, openWorldHint: false }

/** Hints of a tool that only lowers what may be spent, so that no client keeps it behind a question. */
export const STOPS: ToolAnnotations = {
  readOnlyHint: false,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
}

/** Longest result of a tool, in characters: what a model reads takes the place of what it should think of. */
const MAX_RESULT_CHARS = 32_000
/** Longest text of others within a result, in characters. */
const MAX_TEXT_CHARS = 500

const CUT = '… (cut)'
const shortened = (text: string, most: number): string =>
  text.length <= most ? text : text.slice(0, most - CUT.length) + CUT

/** A text that a platform, a caller or an operator has written, cut to a length that a model can bear. */
export const otherText = (description: string, most = MAX_TEXT_CHARS) =>
  z
    .string()
    .overwrite((text) => shortened(text, most))
    .describe(description)

/** Makes a tool of what it takes, what it gives and what it does. */
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
 * The schema as it is listed, made once: to make it anew takes most of the time of a list. What it describes is checked by the
 * tool itself, so that what is wrong with arguments is told as everywhere else, and no value is repeated.
 */
function describedOnly(schema: z.ZodObject): StandardSchemaWithJSON {
  const { '~standard': standard } = schema
  const { input, output } = standard.jsonSchema
  const jsonSchema = { input: once(input), output: once(output) }
  return { '~standard': { ...standard, validate: (value: unknown) => ({ value }), jsonSchema } }
}

type Converter = StandardSchemaWithJSON['~standard']['jsonSchema']['input']

/** Converts for each kind of JSON Schema once. */
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

/** Name of the member of `_meta` that has the problem, for clients that do not read it in the text. */
const PROBLEM = 'bidwarden/problem'

/** The result of a call that was refused. Results of errors fit no output schema, so the problem is a text and in `_meta`. */
const refusedResult = (problem: RouteProblem): CallToolResult => ({
  isError: true,
  content: [{ type: 'text', text: JSON.stringify(problem) }],
  _meta: { [PROBLEM]: problem },
})

/** Whether a caller may use a tool; others are not told that it is there. */
export const mayUse = ({ may, boundTo }: Caller, { scope, isOperators }: Tool): boolean =>
  may(scope) && !(isOperators && boundTo !== undefined)

/**
 * Asks for a page, and for a shorter one as long as it is too long for a result.
 * @param page what of it is told
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
