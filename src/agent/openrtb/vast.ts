import { SaxesParser } from 'saxes'

/** What a VAST or DAAST document says of itself. */
export interface Vast {
  /** Of the root element; undefined where it has none. */
  readonly version: string | undefined
  readonly isDaast: boolean
  readonly isWrapper: boolean
  /** Everything in it that a player fetches: texts, less those that name or are clicked, and what extensions carry. */
  readonly loaded: string
  /** Whether each mention of `macro`, in the order of the document, stands where `&` has to be written `&amp;`. */
  readonly escapes: readonly boolean[]
}

/** Elements whose text is read or clicked, and not fetched. */
const NOT_FETCHED = /(?:ClickThrough|AdSystem|AdTitle|Description|Advertiser|Category|UniversalAdId|Survey)$/
/** Attributes of the schema name things; in these elements anything may stand. */
const FREE_FORM = /^(?:Extensions?|CreativeExtensions?)$/
const NAMES = /^xmlns(?::|$)|:schemaLocation$/

/** Reads the document and changes nothing of it. Throws an Error where it is not well-formed, or no VAST document. */
export function readVast(document: string, macro: string): Vast {
  const parser = new SaxesParser()
  const open: string[] = []
  const loaded: string[] = []
  const escapes: boolean[] = []
  let root: { name: string; version: string | undefined } | undefined
  let isWrapper = false
  let readTo = 0
  const pass = (isEscaped: boolean): void => {
    const mentions = document.slice(readTo, parser.position).split(macro).length - 1
    for (let i = 0; i < mentions; i++) escapes.push(isEscaped)
    readTo = parser.position
  }
  const fetch = (text: string): void => {
    if (!NOT_FETCHED.test(open.at(-1) ?? '')) loaded.push(text)
  }
  parser.on('error', (error) => {
    throw error
  })
  parser.on('text', (text) => {
    pass(true)
    fetch(text)
  })
  parser.on('cdata', (text) => {
    pass(false)
    fetch(text)
  })
  parser.on('opentag', ({ name, attributes }) => {
    pass(true)
    root ??= { name, version: attributes['version'] }
    open.push(name)
    isWrapper ||= name === 'Wrapper'
    if (!open.some((element) => FREE_FORM.test(element))) return
    for (const [attribute, value] of Object.entries(attributes))
      if (!NAMES.test(attribute)) loaded.push(value)
  })
  parser.on('closetag', () => {
    pass(true)
    open.pop()
  })
  parser.write(document.replace(/^\uFEFF/, ' ')).close()
  if (root?.name !== 'VAST' && root?.name !== 'DAAST') throw new Error('the root is neither VAST nor DAAST')
  return {
    version: root.version,
    isDaast: root.name === 'DAAST',
    isWrapper,
    loaded: loaded.join(' '),
    escapes,
  }
}
