/** Walks through a parsed JSON value of unknown shape; a missing member is undefined. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (here, key) => (here !== null && typeof here === 'object' ? Reflect.get(here, key) : undefined),
    value,
  )
}

export const textAt = (value: unknown, ...path: (string | number)[]): string | undefined => {
  const found = at(value, ...path)
  return typeof found === 'string' ? found : undefined
}

/** Reads a number, also one written as text. */
export const numberAt = (value: unknown, ...path: (string | number)[]): number | undefined => {
  const found = at(value, ...path)
  if (typeof found === 'string' && /^-?\d{1,15}(?:\.\d+)?$/.test(found)) return Number(found)
  return typeof found === 'number' ? found : undefined
}

export const listAt = (value: unknown, ...path: (string | number)[]): readonly unknown[] => {
  const found = at(value, ...path)
  return Array.isArray(found) ? found : []
}
