/** Content codings as RFC 9110 has them: names in any case of letters, `x-gzip` for `gzip`, `q=0` for "not this one". */

const GZIP: readonly string[] = ['gzip', 'x-gzip']

/** Whether a body with this `Content-Encoding` is to be unzipped. */
export const isGzip = (header: string | undefined): boolean =>
  header !== undefined && GZIP.includes(header.trim().toLowerCase())

/** Whether an answer may be zipped by this `Accept-Encoding`; `*` alone names no coding that is wanted. */
export function takesGzip(header: string | undefined): boolean {
  if (header === undefined) return false
  return header
    .toLowerCase()
    .split(',')
    .some((entry) => {
      const [name = '', ...parameters] = entry.split(';').map((part) => part.trim())
      return GZIP.includes(name) && !parameters.some((parameter) => /^q\s*=\s*0(\.0*)?$/.test(parameter))
    })
}
