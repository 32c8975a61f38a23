/**
 * Builds what depends on the account's currency when it is first needed, and once: the schemas of bodies take long, and
 * a start needs none of them.
 */
export function perCurrency<T>(build: (currency: string) => T): (currency: string) => T {
  const built = new Map<string, T>()
  return (currency) => {
    const known = built.get(currency) ?? build(currency)
    built.set(currency, known)
    return known
  }
}
