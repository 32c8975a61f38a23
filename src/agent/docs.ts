import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Ctx } from '../api/index.ts'
import { AppError } from '../errors.ts'

const ASSETS = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')))

/** The only files of the package that the page needs, with their types. */
const TYPES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
}

/** The API's documentation, readable without any other host. */
export const docsPage = `<!doctype html>
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
<script>SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, docExpansion: 'none', filter: true })</script>
</body>
</html>
`

export async function docsScripts(c: Ctx): Promise<Response> {
  const file = c.req.param('file') ?? ''
  const type = TYPES[file]
  if (type === undefined) throw new AppError('not_found', 'There is no such file')
  return c.body(await readFile(join(ASSETS, file)), 200, {
    'content-type': type,
    'cache-control': 'max-age=86400',
  })
}
