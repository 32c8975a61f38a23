import type { Values } from './change.ts'

/** Largest recorded value, in bytes of JSON, for the old and the new one each. */
const MAX_VALUE_BYTES = 2_048
/** What differs may take; the rest is for what stands around it. */
const MAX_DIFFERENCES_BYTES = MAX_VALUE_BYTES - 128
/** Longest name of what differs, in characters. */
const MAX_PATH = 160
/** Characters before the first difference of two texts. */
const LEAD = 16
/** Entries of two lists that are looked up in one another. */
const MAX_COMPARED = 10_000

/** A value that fits into a row; of a longer one its length, and its first part. */
export function bounded(value: unknown): unknown {
  return value === undefined || takesAtMost(value, MAX_VALUE_BYTES) ? value : partOf(value, 0, 1_024)
}

/** The old and the new value as they fit into a row: whole, or else where they differ. */
export function boundedValues({ from, to }: Values = {}): Values {
  const isWhole = takesAtMost(from, MAX_VALUE_BYTES) && takesAtMost(to, MAX_VALUE_BYTES)
  if (!isWhole && isObject(from) && isObject(to)) return differences(from, to)
  return {
    ...(from !== undefined && { from: bounded(from) }),
    ...(to !== undefined && { to: bounded(to) }),
  }
}

/** One member that differs; `from` and `to` are missing where it is not there. */
interface ChangedMember {
  readonly path: string
  readonly from?: unknown
  readonly to?: unknown
}

/**
 * The members in which two values differ, with what they were and are, so that of a large one only the changes are
 * recorded. A long member is followed to what differs within it, and named by its path: `creatives.summer.markup`. Of
 * lists of words only the entries are recorded that the other has not, as `allow[…]`.
 */
export function differences(from: object | undefined, to: object | undefined): Values {
  const members = membersOf(from ?? {}, to ?? {})
  const small = Math.max(64, MAX_DIFFERENCES_BYTES / Math.max(1, members.length) - 64)
  const all = members.flatMap((member) => within(member, small))
  const before = new Map<string, unknown>()
  const after = new Map<string, unknown>()
  let left = MAX_DIFFERENCES_BYTES
  for (const [at, difference] of all.entries()) {
    const shown = shortened(difference, small)
    left -= Buffer.byteLength(JSON.stringify(shown)) + 8
    if (left < 0) {
      const more = `${all.length - at} more`
      before.set('…', more)
      after.set('…', more)
      break
    }
    if ('from' in shown) before.set(shown.path, shown.from)
    if ('to' in shown) after.set(shown.path, shown.to)
  }
  return { ...(from && { from: Object.fromEntries(before) }), ...(to && { to: Object.fromEntries(after) }) }
}

/** The members that differ of two objects, by the names of both. */
function membersOf(from: object, to: object, path = ''): ChangedMember[] {
  const [before, after] = [from, to].map(
    (one) => new Map(Object.entries(one).filter(([, value]) => value !== undefined)),
  ) as [Map<string, unknown>, Map<string, unknown>]
  const names = [...new Set([...before.keys(), ...after.keys()])]
  return names.flatMap((name) => {
    if (before.has(name) === after.has(name) && isSame(before.get(name), after.get(name))) return []
    return {
      path: `${path}${name}`,
      ...(before.has(name) && { from: before.get(name) }),
      ...(after.has(name) && { to: after.get(name) }),
    }
  })
}

/** What differs within a member, where it is too long to be recorded whole. */
function within(difference: ChangedMember, small: number): ChangedMember[] {
  const { path, from, to } = difference
  if (takesAtMost(from, small) && takesAtMost(to, small)) return [difference]
  if (Array.isArray(from) && Array.isArray(to)) return withinLists(path, from, to, small)
  if (!isObject(from) || !isObject(to)) return [difference]
  return membersOf(from, to, `${path}.`).flatMap((member) => within(member, small))
}

function withinLists(path: string, from: unknown[], to: unknown[], small: number): ChangedMember[] {
  const [before, after] = [byId(from), byId(to)]
  if (before && after) return membersOf(before, after, `${path}.`).flatMap((member) => within(member, small))
  const [a, b] = withoutEnds(from, to)
  const known = [new Set(a), new Set(b)] as const
  const isCompared = Math.max(a.length, b.length) <= MAX_COMPARED
  const gone = isCompared ? a.filter((entry) => !known[1].has(entry)) : a
  const come = isCompared ? b.filter((entry) => !known[0].has(entry)) : b
  // Where only the order is another, all between the first and the last difference is recorded.
  const isOrder = gone.length + come.length === 0
  return [{ path: `${path}[…]`, from: isOrder ? a : gone, to: isOrder ? b : come }]
}

/** The entries by their ids; undefined where one has none, or two have the same. */
function byId(list: readonly unknown[]): object | undefined {
  const entries = list.map((one): [unknown, unknown] => [
    isObject(one) ? Reflect.get(one, 'id') : undefined,
    one,
  ])
  if (entries.length === 0 || !entries.every(([id]) => typeof id === 'string')) return undefined
  const found = new Map(entries)
  return found.size === entries.length ? Object.fromEntries(entries) : undefined
}

/** Both lists without what is the same at their beginnings and ends. */
function withoutEnds(from: unknown[], to: unknown[]): [unknown[], unknown[]] {
  const shorter = Math.min(from.length, to.length)
  let start = 0
  while (start < shorter && isSame(from[start], to[start])) start += 1
  let end = 0
  while (end < shorter - start && isSame(from.at(-1 - end), to.at(-1 - end))) end += 1
  return [from.slice(start, from.length - end), to.slice(start, to.length - end)]
}

const isSame = (a: unknown, b: unknown): boolean =>
  a === b || (isObject(a) && isObject(b) && JSON.stringify(a) === JSON.stringify(b))

function shortened(difference: ChangedMember, bytes: number): ChangedMember {
  const { path, from, to } = difference
  const at = typeof from === 'string' && typeof to === 'string' ? firstDifference(from, to) : 0
  const short = (value: unknown) => (takesAtMost(value, bytes) ? value : partOf(value, at, bytes / 4))
  return {
    path: path.length <= MAX_PATH ? path : `${path.slice(0, MAX_PATH).toWellFormed()}…`,
    ...('from' in difference && { from: short(from) }),
    ...('to' in difference && { to: short(to) }),
  }
}

function firstDifference(a: string, b: string): number {
  let at = 0
  while (at < a.length && a[at] === b[at]) at += 1
  return at
}

/** A part of a value as text, from a little before `at` on, and the length of all. */
function partOf(value: unknown, at: number, characters: number): { part: string; bytes: number } {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const start = Math.max(0, at - LEAD)
  const end = start + Math.max(LEAD * 2, Math.floor(characters))
  const part = text.slice(start, end).toWellFormed()
  return {
    part: `${start > 0 ? '…' : ''}${part}${end < text.length ? '…' : ''}`,
    bytes: Buffer.byteLength(text),
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** Whether the JSON of a value has at most so many bytes; a long value is not read to its end. */
function takesAtMost(value: unknown, bytes: number): boolean {
  return left(value, bytes) >= 0
}

function left(value: unknown, bytes: number): number {
  if (typeof value === 'string' && value.length > bytes) return -1
  if (!isObject(value)) return bytes - Buffer.byteLength(JSON.stringify(value) ?? '')
  let rest = bytes - 2
  for (const name in value) {
    rest = left(Reflect.get(value, name), rest - (Array.isArray(value) ? 1 : Buffer.byteLength(name) + 4))
    if (rest < 0) return rest
  }
  return rest
}
