export {
  type ApiKey,
  type Authorize,
  type Caller,
  DEFAULT_ORG,
  hashKey,
  KEY_SCOPES,
  type KeyScope,
  openOnLoopback,
  requireKey,
} from './auth.ts'
export { apiDocument, describePlain, type PlainRoute } from './document.ts'
export {
  type Ctx,
  check,
  type Env,
  header,
  headerOf,
  jsonOf,
  MAX_BODY_BYTES,
  readBody,
  readBytes,
  readJson,
} from './json.ts'
export { type Answer, ok, problemAnswer, shown } from './problem.ts'
export { mount, ProblemBody, type Route } from './routes.ts'
export { TimeZone } from './time-zone.ts'
