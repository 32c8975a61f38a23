import type {
  CallToolResult,
  McpServer,
  StandardSchemaWithJSON,
  ToolAnnotations,
} from '@modelcontextprotocol/server'
import { z } from 'zod'
import { type Caller, check, type KeyScope, problemOf, shown } from '../api/index.ts'
import { AppError } from '../errors.ts'
import { type OwnCall, type RouteProblem, RouteRefusal } from './own-call.ts'

/** What a tool works with: the service's own routes, and a place for what nobody foresaw. */
export interface ToolContext {
  readonly own: OwnCall
  onError(error: unknown): void
}

/** One tool, and who may use it. */
export interface Tool {
  readonly name: string
  readonly scope: KeyScope
  /** Whether it concerns what organisations share; keys of an organisation do not see it then. */
  readonly isOperators?: true
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
  run(input: z.output<I>, own: OwnCall): Promise<unknown>
}

/** Hints of a tool that changes nothing and asks nobody outside the service. */
export const READS: ToolAnnotations = { readOnlyHint: true, openWorldHint: false }

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
  const inputSchema = describedOnly(input)
  return {
    name,
    ...rest,
    addTo(server, { own, onError }) {
      const about = { title, description, annotations, inputSchema, outputSchema: output }
      server.registerTool(name, about, (said) =>
        resultOf(async () => output.parse(await run(check(input, said ?? {}), own)), onError),
      )
    },
  }
}

/**
 * The schema as it is listed. Arguments are checked by the tool itself, so that what is wrong with them is told as
 * everywhere else, and no value is repeated.
 */
function describedOnly(schema: z.ZodObject): StandardSchemaWithJSON {
  const { '~standard': standard } = schema
  return { '~standard': { ...standard, validate: (value: unknown) => ({ value }) } }
}

async function resultOf(
  work: () => Promise<object>,
  onError: ToolContext['onError'],
): Promise<CallToolResult> {
  try {
    const structuredContent = { ...(await work()) }
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
