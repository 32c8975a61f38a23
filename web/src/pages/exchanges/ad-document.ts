import type { Creative } from '../../api/exchanges.ts'

/** An ad as a page of its own can show it. */
export interface ShownAd {
  readonly html: string
  /** In pixels; undefined where the ad has no size of its own. */
  readonly size: { readonly w: number; readonly h: number } | undefined
  /** Hosts that the ad names, and would load something from. */
  readonly hosts: readonly string[]
}

/** Replaced by the billing address in a real bid; a look at an ad bills nothing. */
const BILLING_URL = /\$\{BIDWARDEN_BILLING_URL\}/g

export function shownAd(creative: Creative): ShownAd {
  switch (creative.type) {
    case 'banner': {
      const html = creative.markup.replace(BILLING_URL, 'about:blank')
      return { html, size: creative.sizes[0], hosts: hostsIn(html) }
    }
    case 'video':
    case 'audio':
      return stream(creative)
    case 'native':
      return native(creative)
  }
}

type Of<Type extends Creative['type']> = Extract<Creative, { type: Type }>

function stream({ type, vast, vastUrl, durationSeconds }: Of<'video'> | Of<'audio'>): ShownAd {
  const files = vast === undefined ? [] : mediaFiles(vast)
  const [first] = files
  const lines = [
    `<p>${type}, ${durationSeconds} s</p>`,
    vastUrl === undefined ? '' : `<p>The player loads <code>${text(vastUrl)}</code></p>`,
    first === undefined ? '' : `<${type} controls src="${text(first)}"></${type}>`,
    ...files.map((file) => `<p><code>${text(file)}</code></p>`),
  ]
  return { html: CARD + lines.join(''), size: undefined, hosts: hostsIn(files.join(' ')) }
}

function mediaFiles(vast: string): string[] {
  const xml = new DOMParser().parseFromString(vast, 'text/xml')
  return [...xml.getElementsByTagNameNS('*', 'MediaFile')].map((file) => file.textContent.trim())
}

/** Types of assets of the specification: the icon, the main image, the sponsor. */
const [ICON, MAIN, SPONSOR] = [1, 3, 1]

function native({ title, link, images, data }: Of<'native'>): ShownAd {
  const image = (wanted: number, width: number) =>
    images
      .filter(({ type }) => type === wanted)
      .slice(0, 1)
      .map(({ url }) => `<img alt="" width="${width}" src="${text(url)}">`)
      .join('')
  const values = data.map(({ type, value }) =>
    type === SPONSOR ? `<small>${text(value)}</small>` : `<p>${text(value)}</p>`,
  )
  const html = `${CARD}<div>${image(ICON, 40)}<strong>${text(title)}</strong></div>${image(MAIN, 300)}${values.join('')}<p><a href="${text(link)}">${text(link)}</a></p>`
  return { html, size: undefined, hosts: hostsIn(images.map(({ url }) => url).join(' ')) }
}

const CARD =
  '<style>body{font:14px/1.4 system-ui,sans-serif;padding:10px}video,img{max-width:100%}code{word-break:break-all}</style>'

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const text = (plain: string): string => plain.replace(/[&<>"]/g, (one) => ESCAPES[one] ?? one)

/** Hosts of the addresses in a text, but for the one that this page came from: an ad is not to reach the console. */
function hostsIn(markup: string): string[] {
  const addresses = markup
    .replaceAll('\\/', '/')
    .matchAll(/(?:https:)?\/\/([a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?)/gi)
  const hosts = new Set([...addresses].map(([, host = '']) => host.toLowerCase()))
  hosts.delete(window.location.host.toLowerCase())
  return [...hosts]
}

/** The page that shows an ad: by its policy it loads nothing, or only from the hosts that the ad itself names. */
export function adDocument({ html, hosts }: ShownAd, loads: boolean): string {
  const from = loads ? hosts.map((host) => ` https://${host}`).join('') : ''
  const policy = [
    "default-src 'none'",
    ...(loads ? [`script-src 'unsafe-inline'${from}`] : []),
    `style-src 'unsafe-inline'${from}`,
    ...['img-src', 'media-src', 'font-src'].map((kind) => `${kind} data:${from}`),
  ].join('; ')
  return `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy}"><style>body{margin:0;background:#fff}</style>${html}`
}
