/** Finds addresses of plain HTTP in markup, as browsers and players read them. */

/** Names of namespaces and schemas, which look like addresses but are not fetched. */
const NAMES =
  /\s(?:xmlns(?::[\w.-]+)?|[\w.-]+:schemaLocation|authority|idRegistry)\s*=\s*(?:"[^"]*"|'[^']*')/gi
/** Addresses of standards, which stand for a document type, a namespace or a vocabulary. Ads are not served from there. */
const STANDARDS = /http:\/\/(?:www\.w3\.org|schema\.org)(?=[/"'`\s<>]|\\)/gi
/** A browser takes a backslash for a slash, and one slash for two. Where an address stands for sure, it needs none. */
const PLAIN_HTTP = /http:[/\\]|[=(,] ?["'`]? ?http:[^\s"'`<>)]/i
/** A browser leaves these out of an address, wherever they stand. */
const LEFT_OUT = /[\t\r\n]/g

const ENTITY = /&(?:#x0{0,8}([0-9a-f]{1,6})|#0{0,8}(\d{1,7})|(colon|sol|bsol|tab|newline|amp));?/gi
const NAMED: Readonly<Record<string, string>> = {
  colon: ':',
  sol: '/',
  bsol: '\\',
  tab: '\t',
  newline: '\n',
  amp: '&',
}
const SCRIPT_ESCAPE = /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|u\{0{0,8}([0-9a-f]{1,6})\}|([tnr])|(\/))/gi
const PERCENT = /%([0-9a-f]{2})/gi

/** Whether anything in the markup is fetched over plain HTTP, written plainly or escaped for HTML, a script or an address. */
export function loadsPlainHttp(markup: string): boolean {
  let text = markup.replaceAll(NAMES, ' ').replaceAll(STANDARDS, ' ')
  if (isPlain(text)) return true
  for (const decode of [fromHtml, fromScript, fromAddress]) {
    text = decode(text)
    if (isPlain(text)) return true
  }
  return false
}

const isPlain = (text: string): boolean => PLAIN_HTTP.test(text.replaceAll(LEFT_OUT, ''))

const fromHtml = (text: string): string =>
  text.replaceAll(ENTITY, (_all, hex?: string, decimal?: string, name?: string) =>
    name === undefined
      ? characterOf(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16))
      : (NAMED[name.toLowerCase()] ?? ''),
  )

const fromScript = (text: string): string =>
  text.replaceAll(
    SCRIPT_ESCAPE,
    (_all, x?: string, u?: string, point?: string, _blank?: string, slash?: string) => {
      const hex = x ?? u ?? point
      return hex === undefined ? (slash ?? '') : characterOf(Number.parseInt(hex, 16))
    },
  )

const fromAddress = (text: string): string =>
  text.replaceAll(PERCENT, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

const characterOf = (point: number): string => (point <= 0x10_ff_ff ? String.fromCodePoint(point) : '')
