import { SaxesParser } from 'saxes'
import { type Framework, VastFrameworks } from './frameworks.ts'

/** What a VAST or DAAST document says about itself. */
export interface Vast {
  /** Version of the root element; undefined where it has none. */
  readonly version: string | undefined
  readonly isDaast: boolean
  readonly isWrapper: boolean
  readonly frameworks: readonly Framework[]
  /** All text that a player may fetch: texts without names and click addresses, and everything inside extensions. */
  readonly loaded: string
  /** For each occurrence of `macro`, in document order: whether `&` has to be written `&amp;` there. */
  readonly escapes: readonly boolean[]
}

/** Elements whose text is read or clicked, but not fetched. */
const NOT_FETCHED = /(?:ClickThrough|AdSystem|AdTitle|Description|Advertiser|Category|UniversalAdId|Survey)$/
/** Elements that may contain anything. In all others, attributes only name things. */
const FREE_FORM = /^(?:Extensions?|CreativeExtensions?)$/
const NAMES = /^xmlns(?::|$)|:schemaLocation$/
/** The name of an element without the prefix of its namespace. */
const localName = (name: string): string => name.slice(name.indexOf(':') + 1)

/** Reads the document without changing it. Throws an Error when it is not well-formed XML or not VAST. */
export function readVast(document: string, macro: string): Vast {
  const parser = new SaxesParser()
  const open: string[] = []
  const loaded: string[] = []
  const frameworks = new VastFrameworks()
  const escapes: boolean[] = []
  let root: { name: string; version: string | undefined } | undefined
  let isWrapper = false
  let readTo = 0
  const pass = (isEscaped: boolean): void => {
    const mentions = document.slice(readTo, parser.position).split(macro).length - 1
    for (let i = 0; i < mentions; i++) escapes.push(isEscaped)
    readTo = parser.position
  }
  // A player joins the pieces that CDATA, comments and instructions cut a text into.
  let text = ''
  const endText = (): void => {
    if (!NOT_FETCHED.test(open.at(-1) ?? '')) loaded.push(text)
    text = ''
  }
  parser.on('error', (error) => {
    throw error
  })
  parser.on('text', (piece) => {
    pass(true)
    text += piece
  })
  parser.on('cdata', (piece) => {
    pass(false)
    text += piece
  })
  parser.on('opentag', ({ name: written, attributes }) => {
    pass(true)
    endText()
    const name = localName(written)
    frameworks.open(name, attributes)
    root ??= { name, version: attributes['version'] }
    open.push(name)
    isWrapper ||= name === 'Wrapper'
    if (!open.some((element) => FREE_FORM.test(element))) return
    for (const [attribute, value] of Object.entries(attributes))
      if (!NAMES.test(attribute)) loaded.push(value)
  })
  parser.on('closetag', () => {
    pass(true)
    endText()
    frameworks.close(open.pop() ?? '')
  })
  parser.write(document.replace(/^\uFEFF/, ' ')).close()
  if (root?.name !== 'VAST' && root?.name !== 'DAAST') throw new Error('the root is neither VAST nor DAAST')
  return {
    version: root.version,
    isDaast: root.name === 'DAAST',
    isWrapper,
    frameworks: frameworks.found,
    loaded: loaded.join(' '),
    escapes,
  }
}
