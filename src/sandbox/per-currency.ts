/**
 * Builds what depends on an account's currency when it is first needed, and keeps it: zod schemas take long to build,
 * and the start of the sandbox needs none of them.
 */
export function perCurrency<T>(build: (currency: string) => T): (currency: string) => T {
  const built = new Map<string, T>()
  return (currency) => {
    const known = built.get(currency) ?? build(currency)
    built.set(currency, known)
    return known
  }
}
