export {
  type ApiKey,
  ApiKeys,
  hashKey,
  KEY_SCOPES,
  KeptKey,
  KeptLimit,
  type KeyChanges,
  type KeyScope,
} from './api-keys.ts'
export {
  type Authorize,
  authorizer,
  type Caller,
  callerOf,
  DEFAULT_ORG,
  mayGoOn,
} from './auth.ts'
export { type CallerLimit, CallerLimiter } from './caller-limiter.ts'
export { apiDocument, describePlain, type PlainRoute } from './document.ts'
export {
  type ApiEnv,
  type Ctx,
  check,
  checkItems,
  header,
  headerOf,
  headerOnce,
  idShown,
  jsonOf,
  MAX_BODY_BYTES,
  nameShown,
  readBody,
  readBytes,
  readItems,
  readJson,
  WRONG_BODY,
} from './json.ts'
export { listOf } from './list-of.ts'
export { readMoney } from './money.ts'
export { requireOperator } from './operator-only.ts'
export {
  bearerOnly,
  bodyOf,
  callOwn,
  type OwnCall,
  ownCalls,
  type RouteProblem,
  RouteRefusal,
  refusalOf,
} from './own-call.ts'
export { pageHeaders } from './page-headers.ts'
export { Places } from './places.ts'
export {
  type ApiAnswer,
  LISTED_PER_CALL,
  ok,
  okList,
  okUnkept,
  problemAnswer,
  problemOf,
  shown,
} from './problem.ts'
export {
  optionalReason,
  Reason,
  ReasonInput,
  ReasonQuery,
  reasonOf,
  reasonOfDeletion,
} from './reason.ts'
export { mount, mountOpen, type OpenRoute, ProblemBody, type Route } from './routes.ts'
export { cookieIn, type Holder, type Person, Sessions } from './sessions.ts'
export { TimeMs } from './time-ms.ts'
export { TimeZone } from './time-zone.ts'
export { wholeNumber } from './whole-number.ts'
