/** Goes through redirects as a browser does, with cookies for each host. */
export class CookieJar {
  readonly #cookies = new Map<string, Map<string, string>>()

  /** The `Cookie` header for an address. */
  header(url: string): string {
    const own = this.#cookies.get(new URL(url).host) ?? new Map<string, string>()
    return [...own].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  /** One request; what it sets is kept. */
  async get(url: string, headers: Record<string, string> = {}): Promise<Response> {
    const cookie = this.header(url)
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { ...(cookie !== '' && { cookie }), ...headers },
    })
    const { host } = new URL(url)
    const own = this.#cookies.get(host) ?? new Map<string, string>()
    this.#cookies.set(host, own)
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(line) || value === '') own.delete(name)
      else own.set(name, value)
    }
    return response
  }

  /** Follows redirects until there is none, or until `stop` says so of an address. Returns the last address. */
  async follow(
    url: string,
    stop: (next: URL) => boolean = () => false,
  ): Promise<{ url: string; status: number }> {
    for (let hop = 0; hop < 20; hop++) {
      const response = await this.get(url)
      const location = response.headers.get('location')
      await response.arrayBuffer()
      if (location === null) return { url, status: response.status }
      const next = new URL(location, url)
      if (stop(next)) return { url: next.href, status: response.status }
      url = next.href
    }
    throw new Error('there is no end of redirects')
  }
}
