import type { Clock } from '../../time/clock.ts'
import { ADS_SCOPE, type GoogleOauth } from '../google/oauth.ts'
import type { SandboxAccount } from '../ledger.ts'
import type { Call, JsonObject, Played, SandboxReply } from '../protocol.ts'
import { bearerToken, isObject, parseJson, Refusal } from '../protocol.ts'
import { googleError, isGoogleErrorName, refuse, refuseJson, statusError } from './errors.ts'
import { MUTABLE, RESOURCES } from './fields.ts'
import { createMutate } from './mutate.ts'
import { search } from './search.ts'
import { createGoogleState, type GoogleState } from './state.ts'
import { bool, checkJson, message, oneOf, string } from './types.ts'

const PATH = /^\/v\d{2}\/customers\/([^/]+)\/([A-Za-z]+):([A-Za-z]+)$/
const CUSTOMER_ID = /^\d{10}$/

const searchBody = message({
  query: string,
  pageToken: string,
  validateOnly: bool,
  searchSettings: message({ omitResults: bool, returnSummaryRow: bool, returnTotalResultsCount: bool }),
  summaryRowSetting: oneOf('NO_SUMMARY_ROW', 'SUMMARY_ROW_WITH_RESULTS', 'SUMMARY_ROW_ONLY'),
})

/** Rows of one chunk of a stream. They are few, so that a client has to join chunks. */
const CHUNK_ROWS = 25

interface Customer {
  readonly id: string
  readonly state: GoogleState
  readonly mutate: ReturnType<typeof createMutate>
  /** The managers through which it may be used: their numbers go into the header `login-customer-id`. */
  readonly managers: readonly string[]
  /** Whether it may be used without a manager. */
  readonly isDirect: boolean
}

/** Beside the account that takes bids: a manager, a client that is used only through the manager, a cancelled account. */
const MANAGER = '9990001111'
const CLIENT = '2223334444'
const CANCELLED = '5550006666'
const CAMPAIGNS = ['301', '302', '303']

/** The Google Ads API over REST. */
export function createGoogleAds(
  account: SandboxAccount,
  customerId: string,
  oauth: GoogleOauth,
  clock: Clock,
): Played {
  const customers = customersOf(account, customerId)

  function handle(call: Call): SandboxReply {
    try {
      return route(call)
    } catch (error) {
      throw error instanceof Refusal ? new Refusal(streamed(call, error.reply)) : error
    }
  }

  function route(call: Call): SandboxReply {
    authorize(call)
    if (call.method === 'GET' && /^\/v\d{2}\/customers:listAccessibleCustomers$/.test(call.path)) {
      const ids = [...customers.filter(({ isDirect }) => isDirect).map(({ id }) => id), CANCELLED]
      return { status: 200, body: { resourceNames: ids.map((id) => `customers/${id}`) } }
    }
    const [, id = '', service = '', verb = ''] = PATH.exec(call.path) ?? []
    if (verb === '' || call.method !== 'POST')
      throw new Refusal(statusError('NOT_FOUND', 'Method not found.'))
    return { status: 200, body: perform(customerFor(id, call), service, verb, bodyOf(call)) }
  }

  function authorize({ headers }: Call): void {
    const token = bearerToken(headers)
    if (token === undefined)
      throw new Refusal(statusError('UNAUTHENTICATED', MISSING_CREDENTIAL, [NO_CREDENTIALS]))
    const problem = oauth.problemOf(token)
    if (problem !== undefined) refuse(problem)
    if (!oauth.scopesOf(token).includes(ADS_SCOPE))
      throw new Refusal(statusError('PERMISSION_DENIED', 'Insufficient authentication scopes.', [NO_SCOPE]))
  }

  /** The customer of the path, if the caller may use it directly or through the manager that the header names. */
  function customerFor(id: string, { headers }: Call): Customer {
    if (!CUSTOMER_ID.test(id)) refuse('INVALID_CUSTOMER_ID', { trigger: id })
    const login = headers.get('login-customer-id')
    if (login !== null && !CUSTOMER_ID.test(login)) refuse('INVALID_CUSTOMER_ID', { trigger: login })
    if (id === CANCELLED) refuse('CUSTOMER_NOT_ENABLED')
    const found = customers.find((one) => one.id === id)
    const mayLogIn = login === null || login === id ? found?.isDirect : found?.managers.includes(login)
    return found && mayLogIn ? found : refuse('USER_PERMISSION_DENIED')
  }

  function perform(
    { id, state, mutate }: Customer,
    service: string,
    verb: string,
    body: JsonObject,
  ): unknown {
    if (service === 'googleAds' && verb === 'search') return searchIn(id, state, body)
    if (service === 'googleAds' && verb === 'searchStream') return chunks(searchIn(id, state, body))
    if (service === 'googleAds' && verb === 'mutate') return mutate.acrossTypes(body)
    const resource = MUTABLE.find((name) => RESOURCES[name].collection === service)
    if (resource === undefined || verb !== 'mutate') {
      throw new Refusal(statusError('NOT_FOUND', 'Method not found.'))
    }
    return mutate.ofOneType(resource, body)
  }

  function searchIn(id: string, state: GoogleState, body: JsonObject): JsonObject {
    if (body['pageSize'] !== undefined) refuse('PAGE_SIZE_NOT_SUPPORTED', { path: ['page_size'] })
    checkJson(searchBody.type, body, '')
    const today = new Date(clock.nowMs()).toISOString().slice(0, 10)
    const { results, fieldMask } = search(state, `customers/${id}`, String(body['query'] ?? ''), today)
    // Without rows there is no `results`: the API leaves out empty fields.
    return { ...(results.length > 0 ? { results } : {}), fieldMask, queryResourceConsumption: '42' }
  }

  return {
    handle,
    errorNamed: (name, call) =>
      streamed(call, googleError(isGoogleErrorName(name) ? name : 'INTERNAL_ERROR')),
  }
}

function customersOf(account: SandboxAccount, customerId: string): readonly Customer[] {
  const bidding = { name: 'Sandbox customer', timeZone: 'UTC' }
  const own = createGoogleState(customerId, account.currency, bidding)
  const client = createGoogleState(CLIENT, 'JPY', { name: 'Shop in Japan', timeZone: 'Asia/Tokyo' })
  // Looking a campaign up creates it: the client has these from the beginning.
  for (const id of CAMPAIGNS) client.get('campaign', `customers/${CLIENT}/campaigns/${id}`)
  const agency = { name: 'Agency', timeZone: 'UTC', manager: true }
  const manager = createGoogleState(MANAGER, account.currency, agency, [own, client])
  const customer = (state: GoogleState, managers: readonly string[], isDirect: boolean): Customer => {
    const id = String(state.customer['id'])
    const currency = String(state.customer['currencyCode'])
    const mutate = createMutate({ ...account, currency }, state, `customers/${id}`)
    return { id, state, mutate, managers, isDirect }
  }
  return [
    customer(own, [MANAGER], true),
    customer(client, [MANAGER], false),
    customer(manager, [MANAGER], true),
  ]
}

function chunks({ results, ...rest }: JsonObject): JsonObject[] {
  const rows: unknown[] = Array.isArray(results) ? results : []
  const about = { ...rest, requestId: 'sandboxRequest' }
  if (rows.length === 0) return [about]
  const count = Math.ceil(rows.length / CHUNK_ROWS)
  return Array.from({ length: count }, (_, index) => ({
    results: rows.slice(index * CHUNK_ROWS, (index + 1) * CHUNK_ROWS),
    ...about,
  }))
}

/** The reply to a call, which searchStream puts into an array, errors included. */
const streamed = (call: Call, reply: SandboxReply): SandboxReply =>
  call.path.endsWith(':searchStream') ? { ...reply, body: [reply.body] } : reply

const MISSING_CREDENTIAL =
  'Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential.'
const NO_SCOPE = {
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
  domain: 'googleapis.com',
}
const NO_CREDENTIALS = {
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason: 'CREDENTIALS_MISSING',
  domain: 'googleapis.com',
}

function bodyOf({ headers, body }: Call): JsonObject {
  const value = /^application\/json\b/.test(headers.get('content-type') ?? '') ? parseJson(body) : undefined
  return isObject(value) ? value : refuseJson('', 'Invalid JSON payload received. Expected a JSON object.')
}
