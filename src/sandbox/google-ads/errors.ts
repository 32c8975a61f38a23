import { Refusal, type SandboxReply } from '../protocol.ts'

/** The way into the request for an error's `location`; a step into a list is a pair such as `['operations', 0]`. */
export type FieldPath = readonly (string | readonly [name: string, index: number])[]

interface ErrorKind {
  /** The key in `errorCode`. */
  readonly of: string
  readonly status: keyof typeof HTTP_STATUS
  readonly message: string
  /** What the API adds in `details` of the single error. */
  readonly details?: unknown
}

const HTTP_STATUS = {
  INVALID_ARGUMENT: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
} as const

const STATUS_MESSAGE: Readonly<Record<keyof typeof HTTP_STATUS, string>> = {
  INVALID_ARGUMENT: 'Request contains an invalid argument.',
  UNAUTHENTICATED:
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
  PERMISSION_DENIED: 'The caller does not have permission',
  NOT_FOUND: 'Requested entity was not found.',
  ABORTED: 'The operation was aborted.',
  RESOURCE_EXHAUSTED: 'Resource has been exhausted (e.g. check quota).',
  INTERNAL: 'Internal error encountered.',
  UNIMPLEMENTED: 'Operation is not implemented, or supported, or enabled.',
  UNAVAILABLE: 'The service is currently unavailable.',
  DEADLINE_EXCEEDED: 'Deadline expired before operation could complete.',
}

const invalid = (of: string, message: string): ErrorKind => ({ of, status: 'INVALID_ARGUMENT', message })
const unauthenticated = (message: string): ErrorKind => ({
  of: 'authenticationError',
  status: 'UNAUTHENTICATED',
  message,
})
const denied = (message: string): ErrorKind => ({
  of: 'authorizationError',
  status: 'PERMISSION_DENIED',
  message,
})
const quota = (
  message: string,
  rateScope: 'ACCOUNT' | 'DEVELOPER',
  rateName: string,
  retryDelay: string,
): ErrorKind => ({
  of: 'quotaError',
  status: 'RESOURCE_EXHAUSTED',
  message,
  details: { quotaErrorDetails: { rateScope, rateName, retryDelay } },
})

const ERRORS = {
  INTERNAL_ERROR: { of: 'internalError', status: 'INTERNAL', message: 'An internal error has occurred.' },
  TRANSIENT_ERROR: {
    of: 'internalError',
    status: 'UNAVAILABLE',
    message: 'A transient internal error has occurred.',
  },
  DEADLINE_EXCEEDED: {
    of: 'internalError',
    status: 'DEADLINE_EXCEEDED',
    message: 'The request took too long to complete.',
  },
  RESOURCE_TEMPORARILY_EXHAUSTED: quota(
    'Too many requests. Retry in 30 seconds.',
    'ACCOUNT',
    'Requests per account',
    '30s',
  ),
  EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION: quota(
    'Query resource consumption is too high.',
    'ACCOUNT',
    'Short term query resource consumption',
    '1.5s',
  ),
  RESOURCE_EXHAUSTED: quota(
    'Too many requests.',
    'DEVELOPER',
    'Number of operations for basic access',
    '32400s',
  ),
  EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION: quota(
    'Query resource consumption over a longer time is too high.',
    'ACCOUNT',
    'Long term query resource consumption',
    '32400s',
  ),
  CONCURRENT_MODIFICATION: {
    of: 'databaseError',
    status: 'ABORTED',
    message: 'Multiple requests were attempting to modify the same resource at once. Retry the request.',
  },
  OAUTH_TOKEN_REVOKED: unauthenticated('The user revoked access to the account.'),
  OAUTH_TOKEN_DISABLED: unauthenticated('OAuth token in the header is disabled.'),
  OAUTH_TOKEN_EXPIRED: unauthenticated('OAuth token in the header has expired.'),
  OAUTH_TOKEN_INVALID: unauthenticated('OAuth token in the header is not valid.'),
  GOOGLE_ACCOUNT_DELETED: unauthenticated('The Google account is deleted.'),
  TWO_STEP_VERIFICATION_NOT_ENROLLED: unauthenticated(
    'The account is not enrolled in 2-Step Verification, which is required.',
  ),
  CUSTOMER_NOT_ENABLED: denied(
    "The customer account can't be accessed because it is not yet enabled or has been deactivated.",
  ),
  USER_PERMISSION_DENIED: denied(
    "User doesn't have permission to access customer. Note: If you're accessing a client customer, the manager's customer id must be set in the 'login-customer-id' header.",
  ),
  CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION: denied(
    'The Google Cloud project is not approved for production access.',
  ),
  INVALID_LOGIN_CUSTOMER_ID_SERVING_CUSTOMER_ID_COMBINATION: denied(
    "The login customer id header doesn't match an account that manages the customer.",
  ),
  ACTION_NOT_PERMITTED_FOR_SUSPENDED_ACCOUNT: denied('The action is not permitted for a suspended account.'),
  BID_TOO_SMALL: invalid('biddingError', 'The bid is too small.'),
  BID_TOO_BIG: invalid('biddingError', 'The bid is too big.'),
  BID_TOO_MANY_FRACTIONAL_DIGITS: invalid('biddingError', 'The bid has too many fractional digit precision.'),
  CPC_BID_FLOOR_MICROS_GREATER_THAN_CPC_BID_CEILING_MICROS: invalid(
    'biddingError',
    'The bid floor is greater than the bid ceiling.',
  ),
  NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT: invalid(
    'campaignBudgetError',
    'The budget amount is not a multiple of the minimum currency unit.',
  ),
  MONEY_AMOUNT_TOO_LARGE: invalid('campaignBudgetError', 'The budget amount is too large.'),
  MONEY_AMOUNT_LESS_THAN_CURRENCY_MINIMUM_CPC: invalid(
    'campaignBudgetError',
    'The budget amount is less than the minimum cost per click of the currency.',
  ),
  BUDGET_BELOW_PER_DAY_MINIMUM: {
    ...invalid('campaignBudgetError', 'The budget is below the minimum per day.'),
    details: {
      budgetPerDayMinimumErrorDetails: { currencyCode: 'USD', minimumBudgetAmountMicros: '1000000' },
    },
  },
  EU_POLITICAL_ADVERTISING_DECLARATION_REQUIRED: invalid(
    'mutateError',
    'The campaign must say whether it contains EU political advertising.',
  ),
  RESOURCE_NOT_FOUND: invalid('mutateError', 'Resource was not found.'),
  TOO_MANY_MUTATE_OPERATIONS: invalid('mutateError', 'Too many mutate operations in one request.'),
  DUPLICATE_NAME: invalid('biddingStrategyError', 'Each bidding strategy must have a unique name.'),
  CANNOT_REMOVE_ASSOCIATED_STRATEGY: invalid(
    'biddingStrategyError',
    'A bidding strategy that is used by campaigns cannot be removed.',
  ),
  BUDGET_IN_USE: invalid('campaignBudgetError', 'A budget that is used by campaigns cannot be removed.'),
  PAGE_SIZE_NOT_SUPPORTED: invalid('requestError', 'Setting the page size is not supported.'),
  RESOURCE_NAME_MISSING: invalid('requestError', 'Resource name is missing.'),
  RESOURCE_NAME_MALFORMED: invalid('requestError', 'Resource name is malformed.'),
  INVALID_CUSTOMER_ID: invalid('requestError', 'The customer ID is invalid.'),
  FIELD_MASK_MISSING: invalid('fieldMaskError', 'The field mask must be provided for update operations.'),
  FIELD_NOT_FOUND: invalid('fieldMaskError', 'The field mask contains a field that does not exist.'),
  FIELD_HAS_SUBFIELDS: invalid(
    'fieldMaskError',
    'The field mask names a field with subfields; name the subfields instead.',
  ),
  REQUIRED: invalid('fieldError', 'The required field was not present.'),
  IMMUTABLE_FIELD: invalid('fieldError', 'The field cannot be modified.'),
  TOO_MANY: invalid('collectionSizeError', 'Too many.'),
  TOO_LONG: invalid('stringLengthError', 'Too long.'),
  ILLEGAL_CHARS: invalid('stringFormatError', 'The input string contains illegal characters.'),
  DUPLICATE_ELEMENT: invalid('distinctError', 'Duplicate element.'),
  OUT_OF_RANGE: invalid('rangeError', 'Value is out of range.'),
  OPERATION_NOT_PERMITTED_FOR_CONTEXT: invalid(
    'contextError',
    'The operation is not allowed for the given context.',
  ),
  UNRECOGNIZED_FIELD: invalid('queryError', 'Unrecognized field in the query.'),
  UNEXPECTED_INPUT: invalid('queryError', 'Unexpected input in the query.'),
  EXPECTED_FROM: invalid('queryError', 'Expected FROM in the query.'),
  BAD_RESOURCE_TYPE_IN_FROM_CLAUSE: invalid('queryError', 'Invalid resource type in the FROM clause.'),
  REQUESTED_METRICS_FOR_MANAGER: invalid('queryError', 'Metrics cannot be requested for a manager account.'),
  PROHIBITED_RESOURCE_TYPE_IN_SELECT_CLAUSE: invalid(
    'queryError',
    'A resource of the SELECT clause cannot be selected with the resource of the FROM clause.',
  ),
} as const satisfies Record<string, ErrorKind>

export type GoogleErrorName = keyof typeof ERRORS

export const isGoogleErrorName = (name: string): name is GoogleErrorName => Object.hasOwn(ERRORS, name)

/** The API's own body for an error, with a GoogleAdsFailure inside. */
export function googleError(
  name: GoogleErrorName,
  more: { readonly message?: string; readonly path?: FieldPath; readonly trigger?: string } = {},
): SandboxReply {
  const kind: ErrorKind = ERRORS[name]
  const error = {
    errorCode: { [kind.of]: name },
    message: more.message ?? kind.message,
    ...(more.trigger === undefined ? {} : { trigger: { stringValue: more.trigger } }),
    ...(more.path === undefined ? {} : { location: { fieldPathElements: more.path.map(element) } }),
    ...(kind.details === undefined ? {} : { details: kind.details }),
  }
  return statusError(kind.status, STATUS_MESSAGE[kind.status], [
    {
      '@type': 'type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure',
      errors: [error],
      requestId: 'sandboxRequest',
    },
  ])
}

const element = (step: FieldPath[number]) =>
  typeof step === 'string' ? { fieldName: step } : { fieldName: step[0], index: step[1] }

export function refuse(name: GoogleErrorName, more: Parameters<typeof googleError>[1] = {}): never {
  throw new Refusal(googleError(name, more))
}

/** An answer of Google's API front end, before the Ads API has seen the request. */
export function statusError(
  status: keyof typeof HTTP_STATUS,
  message: string,
  details: readonly unknown[] = [],
): SandboxReply {
  const error = { code: HTTP_STATUS[status], message, status, ...(details.length > 0 ? { details } : {}) }
  return { status: HTTP_STATUS[status], body: { error } }
}

/** Refuses JSON that does not fit the message type: unknown names, wrong types. */
export function refuseJson(field: string, description: string): never {
  const details = {
    '@type': 'type.googleapis.com/google.rpc.BadRequest',
    fieldViolations: [{ field, description }],
  }
  throw new Refusal(statusError('INVALID_ARGUMENT', description, [details]))
}
