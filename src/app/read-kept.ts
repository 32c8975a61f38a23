import type { z } from 'zod'

/** Reads a text that an earlier start has saved; undefined where it is damaged or of another version. */
export function readKept<S extends z.ZodType>(schema: S, text: string): z.output<S> | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
