import { json, type WireAnswer } from './wire.ts'

interface Known {
  readonly kind: string
  readonly http: number
  readonly status: string
  readonly message: string
  readonly retryDelay?: string
}

const invalid = (kind: string, message: string): Known => ({
  kind,
  http: 400,
  status: 'INVALID_ARGUMENT',
  message,
})
const denied = (message: string): Known => ({
  kind: 'authorizationError',
  http: 403,
  status: 'PERMISSION_DENIED',
  message,
})
const unauthenticated = (message: string): Known => ({
  kind: 'authenticationError',
  http: 401,
  status: 'UNAUTHENTICATED',
  message,
})
const exhausted = (message: string, retryDelay?: string): Known => ({
  kind: 'quotaError',
  http: 429,
  status: 'RESOURCE_EXHAUSTED',
  message,
  ...(retryDelay !== undefined && { retryDelay }),
})
const internal = (http: number, status: string): Known => ({
  kind: 'internalError',
  http,
  status,
  message: 'An internal error has occurred.',
})

/** Errors of the Google Ads API by the value inside `errorCode`. */
const ERRORS: Readonly<Record<string, Known>> = {
  RESOURCE_TEMPORARILY_EXHAUSTED: exhausted('Too many requests. Retry in 30 seconds.', '30s'),
  EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION: exhausted('The query costs too much.', '1.5s'),
  RESOURCE_EXHAUSTED: exhausted('The daily quota is used up.'),
  EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION: exhausted('The query costs too much for today.'),
  INTERNAL_ERROR: internal(500, 'INTERNAL'),
  TRANSIENT_ERROR: internal(503, 'UNAVAILABLE'),
  DEADLINE_EXCEEDED: internal(504, 'DEADLINE_EXCEEDED'),
  CONCURRENT_MODIFICATION: {
    kind: 'databaseError',
    http: 409,
    status: 'ABORTED',
    message: 'Multiple requests were attempting to modify the same resource at once.',
  },
  OAUTH_TOKEN_EXPIRED: unauthenticated('The OAuth access token has expired.'),
  OAUTH_TOKEN_INVALID: unauthenticated('The OAuth access token is invalid.'),
  OAUTH_TOKEN_REVOKED: unauthenticated('The OAuth access token has been revoked.'),
  OAUTH_TOKEN_DISABLED: unauthenticated('The OAuth access token has been disabled.'),
  GOOGLE_ACCOUNT_DELETED: unauthenticated('The Google account has been deleted.'),
  TWO_STEP_VERIFICATION_NOT_ENROLLED: unauthenticated('The account is not enrolled in 2-Step Verification.'),
  CUSTOMER_NOT_ENABLED: denied('The customer account is not enabled.'),
  USER_PERMISSION_DENIED: denied("User doesn't have permission to access customer."),
  CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION: denied('The Cloud project is not approved for production.'),
  INVALID_LOGIN_CUSTOMER_ID_SERVING_CUSTOMER_ID_COMBINATION: denied(
    'The login customer id does not manage this customer.',
  ),
  ACTION_NOT_PERMITTED_FOR_SUSPENDED_ACCOUNT: denied('The account is suspended.'),
  BID_TOO_SMALL: invalid('biddingError', 'Bid too small.'),
  BID_TOO_BIG: invalid('biddingError', 'Bid too big.'),
  BID_TOO_MANY_FRACTIONAL_DIGITS: invalid('biddingError', 'Bid has too many fractional digit precision.'),
  DUPLICATE_NAME: invalid('biddingStrategyError', 'Each bidding strategy must have a unique name.'),
  NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT: invalid(
    'campaignBudgetError',
    'Budget amount is not a multiple of a minimum unit.',
  ),
  MONEY_AMOUNT_TOO_LARGE: invalid('campaignBudgetError', 'Budget amount is too large.'),
  MONEY_AMOUNT_LESS_THAN_CURRENCY_MINIMUM_CPC: invalid(
    'campaignBudgetError',
    'Budget amount is below the minimum CPC.',
  ),
  BUDGET_BELOW_PER_DAY_MINIMUM: invalid('campaignBudgetError', 'Budget amount is below the daily minimum.'),
  RESOURCE_NOT_FOUND: invalid('mutateError', 'Resource was not found.'),
  FIELD_NOT_FOUND: invalid('fieldMaskError', 'The field mask contained an invalid field.'),
  FIELD_MASK_MISSING: invalid('fieldMaskError', 'The field mask must be provided for update operations.'),
  UNRECOGNIZED_FIELD: invalid('queryError', 'Unrecognized field in the query.'),
  BAD_QUERY: invalid('queryError', 'The query cannot be parsed.'),
  PAGE_SIZE_NOT_SUPPORTED: invalid('requestError', 'Setting the page size is not supported.'),
  OUT_OF_RANGE: invalid('rangeError', 'A value is outside of its range.'),
  INVALID_KEY: invalid('customParameterError', 'A custom parameter is malformed.'),
  PORTFOLIO_ONLY: invalid('biddingError', 'The ceiling can be set on portfolio strategies only.'),
  TOO_MANY_MUTATE_OPERATIONS: invalid('mutateError', 'Too many mutate operations.'),
}

/** An error as the API sends it; undefined for a name it does not have. */
export function googleError(name: string, version = 'v26'): WireAnswer | undefined {
  const known = ERRORS[name]
  if (!known) return undefined
  const error = {
    errorCode: { [known.kind]: name },
    message: known.message,
    ...(known.kind === 'quotaError' && {
      details: {
        quotaErrorDetails: {
          rateScope: 'ACCOUNT',
          rateName: 'Requests per account',
          ...(known.retryDelay !== undefined && { retryDelay: known.retryDelay }),
        },
      },
    }),
  }
  const failure = {
    '@type': `type.googleapis.com/google.ads.googleads.${version}.errors.GoogleAdsFailure`,
    errors: [error],
    requestId: 'sandbox',
  }
  const { http: code, status } = known
  return json(code, { error: { code, message: known.message, status, details: [failure] } })
}

/** Thrown inside the fake API; becomes the answer. */
export class GoogleRefusal extends Error {
  override readonly name = 'GoogleRefusal'
}
