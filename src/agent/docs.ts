import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Ctx, pageHeaders } from '../api/index.ts'
import { AppError } from '../errors.ts'

const ASSETS = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')))

/** The files of the package that the page needs, with their content types. No other file is served. */
const TYPES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
}
const START = 'start.js'
/** What to do at each alert, a text for each. */
const RUNBOOKS = new URL('../../docs/runbooks/', import.meta.url)
const start = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, docExpansion: 'none', filter: true })
`

/** The page loads only from this server and sends nothing elsewhere; Swagger UI sets styles on elements. */
const PAGE_HEADERS = pageHeaders(
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
)

/** The API documentation; it loads nothing from another host. */
const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bidwarden API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="data:,">
</head>
<body>
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/${START}"></script>
</body>
</html>
`

export const docsPage = (c: Ctx): Response => c.html(page, 200, PAGE_HEADERS)

/** Files as they were read once: the longest has 1.7 MB, and anybody may ask for it. */
const known = new Map<string, Promise<Buffer<ArrayBuffer>>>()

function assetBytes(file: string): Promise<Buffer<ArrayBuffer>> {
  const before = known.get(file)
  if (before) return before
  const bytes = readFile(join(ASSETS, file))
  known.set(file, bytes)
  bytes.catch(() => known.delete(file))
  return bytes
}

export async function docsScripts(c: Ctx): Promise<Response> {
  const file = c.req.param('file') ?? ''
  if (file === START)
    return c.body(start, 200, { ...PAGE_HEADERS, 'content-type': 'text/javascript; charset=utf-8' })
  const type = TYPES[file]
  if (type === undefined) throw new AppError('not_found', 'There is no such file')
  return c.body(await assetBytes(file), 200, {
    ...PAGE_HEADERS,
    'content-type': type,
    'cache-control': 'max-age=86400',
  })
}

/** Answers with what to do at an alert, as it is written in `docs/runbooks`. */
export async function runbook(c: Ctx): Promise<Response> {
  const name = c.req.param('alert') ?? ''
  const text = /^\w{1,64}$/.test(name)
    ? await readFile(new URL(`${name}.md`, RUNBOOKS), 'utf8').catch(() => undefined)
    : undefined
  if (text === undefined) throw new AppError('not_found', 'There is no runbook of this name')
  return c.body(text, 200, { ...PAGE_HEADERS, 'content-type': 'text/plain; charset=utf-8' })
}
