import { randomBytes } from 'node:crypto'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { accepts } from 'hono/accepts'
import { type ApiEnv, type Ctx, pageHeaders } from '../api/index.ts'
import { AppError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { type Bundle, CODINGS, type FileCoding } from './bundle.ts'
import { CREATIVE_FRAME, creativeFrame } from './creative-frame.ts'

/** Addresses of the page. What follows `/console/` is interpreted by the page itself. */
const PAGES = ['/', '/console', '/console/*']
const NOT_BUILT = 'The console is not built here: npm ci builds it, unless it leaves development packages out'
/** The placeholder for the nonce in the built page. */
const NONCE = '__NONCE__'
const CODING_NAMES: readonly FileCoding[] = ['br', 'gzip', 'identity']
/** For built files, whose names contain a hash of their content. */
const FOREVER = 'public, max-age=31536000, immutable'

/**
 * Serves the console. Its files need no key: its data come from API calls, which do.
 * @param bundle the built console; undefined if none was built, which is logged and answered with 404
 */
export function serveConsole(
  app: Pick<OpenAPIHono<ApiEnv>, 'get'>,
  log: Logger,
  bundle: Bundle | undefined,
): void {
  if (!bundle) log.info(NOT_BUILT)
  app.get(CREATIVE_FRAME, creativeFrame)
  for (const address of PAGES) app.get(address, (c) => page(c, bundle))
  app.get('/assets/:file', (c) => asset(c, bundle))
}

/** The page, for browsers. A program that asks for this address has mistyped one, and gets a problem. */
async function page(c: Ctx, bundle: Bundle | undefined): Promise<Response> {
  if (!c.req.header('accept')?.includes('text/html'))
    throw new AppError('not_found', 'Here is a page for browsers; /docs and /openapi.json describe the calls')
  if (!bundle) throw new AppError('not_found', NOT_BUILT)
  const nonce = randomBytes(16).toString('base64')
  const text = (await bundle.page()).replaceAll(NONCE, nonce)
  return c.html(text, 200, { ...pageHeaders(policyFor(nonce)), 'cache-control': 'no-cache', vary: 'accept' })
}

/**
 * The content security policy of the page. Dialogs set a style while they lock the page behind them; it has the nonce.
 */
const policyFor = (nonce: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self'",
    "connect-src 'self'",
    "frame-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')

async function asset(c: Ctx, bundle: Bundle | undefined): Promise<Response> {
  const file = await bundle?.file(c.req.path)
  if (!file) throw new AppError('not_found', 'There is no such file')
  const coding = codingOf(c)
  return c.body(file.bytes[coding], 200, {
    'content-type': file.type,
    ...(coding !== 'identity' && { 'content-encoding': coding }),
    'cache-control': FOREVER,
    vary: 'accept-encoding',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
  })
}

/** The smallest coding that the browser accepts. */
function codingOf(c: Ctx): FileCoding {
  const named = accepts(c, {
    header: 'Accept-Encoding',
    supports: Object.keys(CODINGS),
    default: 'identity',
    match: (accepted, { supports }) =>
      supports.find((one) => accepted.some(({ type, q }) => type.toLowerCase() === one && q > 0)) ??
      'identity',
  })
  return CODING_NAMES.find((one) => one === named) ?? 'identity'
}
