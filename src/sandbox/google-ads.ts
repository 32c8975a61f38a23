import type { Played } from './exchange.ts'
import { googleError, isGoogleErrorName, refuse, refuseJson, statusError } from './google-errors.ts'
import { MUTABLE, RESOURCES } from './google-fields.ts'
import { createMutate } from './google-mutate.ts'
import type { GoogleOauth } from './google-oauth.ts'
import { search } from './google-search.ts'
import { createGoogleState } from './google-state.ts'
import { bool, checkJson, message, oneOf, string } from './google-types.ts'
import type { Account } from './ledger.ts'
import { bearerToken, type Call, isObject, type Json, parseJson, Refusal, type Reply } from './protocol.ts'

const PATH = /^\/v\d{2}\/customers\/([^/]+)\/([A-Za-z]+):([A-Za-z]+)$/
const CUSTOMER_ID = /^\d{10}$/

const searchBody = message({
  query: string,
  pageToken: string,
  validateOnly: bool,
  searchSettings: message({ omitResults: bool, returnSummaryRow: bool, returnTotalResultsCount: bool }),
  summaryRowSetting: oneOf('NO_SUMMARY_ROW', 'SUMMARY_ROW_WITH_RESULTS', 'SUMMARY_ROW_ONLY'),
})

/** The Google Ads API over REST for one customer. */
export function createGoogleAds(account: Account, customerId: string, oauth: GoogleOauth): Played {
  const root = `customers/${customerId}`
  const state = createGoogleState(customerId, account.currency)
  const mutate = createMutate(account, state, root)

  function handle(call: Call): Reply {
    try {
      return route(call)
    } catch (error) {
      throw error instanceof Refusal ? new Refusal(streamed(call, error.reply)) : error
    }
  }

  function route(call: Call): Reply {
    authorize(call)
    const [, customer = '', service = '', verb = ''] = PATH.exec(call.path) ?? []
    if (verb === '' || call.method !== 'POST')
      throw new Refusal(statusError('NOT_FOUND', 'Method not found.'))
    if (!CUSTOMER_ID.test(customer)) refuse('INVALID_CUSTOMER_ID', { trigger: customer })
    if (customer !== customerId) refuse('USER_PERMISSION_DENIED')
    return { status: 200, body: perform(service, verb, bodyOf(call)) }
  }

  function authorize({ headers }: Call): void {
    const token = bearerToken(headers)
    if (token === undefined)
      throw new Refusal(statusError('UNAUTHENTICATED', MISSING_CREDENTIAL, [NO_CREDENTIALS]))
    const problem = oauth.problemOf(token)
    if (problem !== undefined) refuse(problem)
    const manager = headers.get('login-customer-id')
    if (manager !== null && !CUSTOMER_ID.test(manager)) refuse('INVALID_CUSTOMER_ID', { trigger: manager })
  }

  function perform(service: string, verb: string, body: Json): unknown {
    if (service === 'googleAds' && verb === 'search') return found(body)
    if (service === 'googleAds' && verb === 'searchStream') {
      const { results, ...rest } = found(body)
      return [{ results, ...rest, requestId: 'sandboxRequest' }]
    }
    if (service === 'googleAds' && verb === 'mutate') return mutate.acrossTypes(body)
    const resource = MUTABLE.find((name) => RESOURCES[name].collection === service)
    if (resource === undefined || verb !== 'mutate') {
      throw new Refusal(statusError('NOT_FOUND', 'Method not found.'))
    }
    return mutate.ofOneType(resource, body)
  }

  function found(body: Json): Json {
    if (body['pageSize'] !== undefined) refuse('PAGE_SIZE_NOT_SUPPORTED', { path: ['page_size'] })
    checkJson(searchBody.type, body, '')
    const { results, fieldMask } = search(state, root, String(body['query'] ?? ''))
    // As with every empty field of the API, no rows means no `results`.
    return { ...(results.length > 0 ? { results } : {}), fieldMask, queryResourceConsumption: '42' }
  }

  return {
    handle,
    errorNamed: (name, call) =>
      streamed(call, googleError(isGoogleErrorName(name) ? name : 'INTERNAL_ERROR')),
  }
}

/** searchStream answers with an array, errors too. */
const streamed = (call: Call, reply: Reply): Reply =>
  call.path.endsWith(':searchStream') ? { ...reply, body: [reply.body] } : reply

const MISSING_CREDENTIAL =
  'Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential.'
const NO_CREDENTIALS = {
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason: 'CREDENTIALS_MISSING',
  domain: 'googleapis.com',
}

function bodyOf({ headers, body }: Call): Json {
  const value = /^application\/json\b/.test(headers.get('content-type') ?? '') ? parseJson(body) : undefined
  return isObject(value) ? value : refuseJson('', 'Invalid JSON payload received. Expected a JSON object.')
}
