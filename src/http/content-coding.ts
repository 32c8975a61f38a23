/** Content codings by RFC 9110: names in any case of letters, `x-gzip` is `gzip`, weights from `q=0` (refused) to 1. */

const GZIP: readonly string[] = ['gzip', 'x-gzip']

/**
 * How a body with this `Content-Encoding` is coded; `unknown` for another coding, and for several one over the other.
 * Empty entries of the list say nothing (RFC 9110, 5.6.1), and neither does `identity`.
 */
export function bodyCodingOf(header: string | undefined): 'gzip' | 'identity' | 'unknown' {
  if (header === undefined) return 'identity'
  const names = header.split(',').map((name) => name.trim().toLowerCase())
  const codings = names.filter((name) => name !== '' && name !== 'identity')
  if (codings.length === 0) return 'identity'
  return codings.length === 1 && GZIP.includes(codings[0] ?? '') ? 'gzip' : 'unknown'
}

/** How an answer is coded; `none` where the caller accepts neither of the two. */
export type Coding = 'gzip' | 'identity' | 'none'

/**
 * Chooses the coding of an answer by the request's `Accept-Encoding`: the acceptable one with the highest weight.
 * `identity` is acceptable unless it is excluded by name or by `*`. `gzip` is used only for a caller that names it, or
 * that accepts nothing else.
 */
export function codingFor(header: string | undefined): Coding {
  if (header === undefined) return 'identity'
  const weights = readWeights(header)
  const any = weights.get('*')
  const named = Math.max(...GZIP.map((name) => weights.get(name) ?? -1))
  const plain = weights.get('identity') ?? (any === 0 ? 0 : undefined)
  if (plain === 0) return (named >= 0 ? named : (any ?? 0)) > 0 ? 'gzip' : 'none'
  return named > 0 && named >= (plain ?? 0) ? 'gzip' : 'identity'
}

/** Weight by coding. A coding with an unreadable weight is left as if it had none. */
function readWeights(header: string): Map<string, number> {
  const weights = new Map<string, number>()
  for (const entry of header.toLowerCase().split(',')) {
    const [name = '', ...parameters] = entry.split(';').map((part) => part.trim())
    const weight = parameters.flatMap(
      (parameter) => /^q\s*=\s*([01](?:\.\d{0,3})?)$/.exec(parameter)?.[1] ?? [],
    )
    if (name !== '') weights.set(name, Math.min(1, Number(weight[0] ?? 1)))
  }
  return weights
}
