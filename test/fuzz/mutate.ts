export type Fuzz = ReturnType<typeof createFuzz>

/** Makes JSON and what is nearly JSON out of examples, the same for the same `random`. */
export function createFuzz(random: () => number) {
  const below = (n: number) => Math.floor(random() * n)
  const one = <T>(of: readonly T[]): T | undefined => of[below(of.length)]

  const deep = (): string => {
    const levels = 10 ** (1 + below(4))
    return random() < 0.5
      ? `${'['.repeat(levels)}${']'.repeat(levels)}`
      : `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
  }
  const VALUES: readonly (() => string)[] = [
    () => 'null',
    () => 'true',
    () => '-0',
    () => '1e400',
    () => '1e-400',
    () => '9007199254740993',
    () => '""',
    () => '"\\ud800"',
    () => '"\\u0000"',
    () => '"𝄞é\\u202e"',
    () => '[]',
    () => '{}',
    () => '{"__proto__":{"a":1},"constructor":{"prototype":1}}',
    () => `"${'x'.repeat(10 ** below(5))}"`,
    () =>
      `[${Array(1 + below(2_000))
        .fill('{}')
        .join(',')}]`,
    deep,
  ]
  const value = (): string => one(VALUES)?.() ?? 'null'

  /** Replaces one value somewhere within. */
  const replaced = (text: string): string => {
    const places = [...text.matchAll(/(?<=[:[,])("(?:[^"\\]|\\.)*"|-?[\d.e+]+|true|false|null)/g)]
    const place = one(places)
    if (!place) return value()
    return text.slice(0, place.index) + value() + text.slice(place.index + place[0].length)
  }
  const HOW: readonly ((text: string) => string)[] = [
    (text) => text,
    replaced,
    (text) => replaced(replaced(replaced(text))),
    (text) => text.slice(0, below(text.length)),
    (text) => {
      const at = below(text.length)
      return text.slice(0, at) + String.fromCharCode(below(0x250)) + text.slice(at + 1)
    },
    (text) => text + text,
    (text) => text.replace('{', `{"${'k'.repeat(below(300))}":${value()},`),
    value,
    deep,
    () => '',
  ]
  const mutated = (text: string): string => one(HOW)?.(text) ?? text
  return {
    below,
    one,
    value,
    mutated,
    /** Half the time what it was. At most a thousand characters that can stand in an address. */
    inPath: (text: string): string => (random() < 0.5 ? text : mutated(text).toWellFormed().slice(0, 1_000)),
  }
}
