/** The form of a macro in markup and addresses before it is replaced. */
export const macro = (name: string): string => `\${${name}}`

/**
 * Replaced by the bid's billing address anywhere in a markup; the exchange then replaces the macros within that
 * address.
 */
export const BILLING_URL_MACRO = macro('BIDWARDEN_BILLING_URL')
