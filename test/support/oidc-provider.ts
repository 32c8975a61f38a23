import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { type AdapterPayload, Provider } from 'oidc-provider'
import { onTestFinished } from 'vitest'

/** Who signs in at the provider, and what it says of them. */
export interface Account {
  readonly sub: string
  readonly [claim: string]: unknown
}

export interface PlayedProvider {
  readonly issuer: string
  /** Variables of a service that signs people in here. */
  environment(publicUrl: string, groups: Readonly<Record<string, string>>): Record<string, string>
  /** Lets this person in from now on; nobody where it is undefined. */
  signIn(account: Account | undefined): void
  /** Requests by method and path, as in `POST /token`. */
  readonly asked: string[]
  /** Says that others sign its tokens than do. */
  showOtherKeys(): void
  /** Answers everything with this status until it is called without one. */
  fail(status?: number): void
}

/** Keeps what the provider remembers, for all providers of a test. */
class Kept {
  static readonly #all = new Map<string, AdapterPayload>()
  readonly #kind: string

  constructor(kind: string) {
    this.#kind = kind
  }

  async upsert(id: string, payload: AdapterPayload): Promise<void> {
    Kept.#all.set(`${this.#kind} ${id}`, payload)
  }
  async find(id: string): Promise<AdapterPayload | undefined> {
    return Kept.#all.get(`${this.#kind} ${id}`)
  }
  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return Kept.#all.entries().find(([key, one]) => key.startsWith(`${this.#kind} `) && one.uid === uid)?.[1]
  }
  async findByUserCode(): Promise<undefined> {}
  async consume(id: string): Promise<void> {
    const one = await this.find(id)
    if (one) one['consumed'] = Math.floor(Date.now() / 1_000)
  }
  async destroy(id: string): Promise<void> {
    Kept.#all.delete(`${this.#kind} ${id}`)
  }
  async revokeByGrantId(grantId: string): Promise<void> {
    for (const [key, { grantId: own }] of Kept.#all) if (own === grantId) Kept.#all.delete(key)
  }
}

const CLIENT = { id: 'bidwarden', secret: 'the secret of the client: 50% + more' }
const SIGNS = { use: 'sig', alg: 'RS256', kid: 'the only one' }
/** What the provider signs with; made once, since that takes longest. */
let key: object | undefined

function otherKeys() {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { keys: [{ ...publicKey.export({ format: 'jwk' }), ...SIGNS }] }
}

/** A provider of OpenID Connect as others run it, which lets a person in without a page of its own. */
export async function startOidcProvider({
  redirectUri = '',
  isGroupsInToken = true,
} = {}): Promise<PlayedProvider> {
  key ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const issuer = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  let account: Account | undefined
  let failing: number | undefined
  let isOtherShown = false
  const asked: string[] = []
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    jwks: { keys: [{ ...key, ...SIGNS }] },
    cookies: { keys: ['of the provider alone'] },
    claims: {
      openid: ['sub', ...(isGroupsInToken ? ['groups'] : [])],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    scopes: ['openid', 'email', 'groups'],
    conformIdTokenClaims: !isGroupsInToken,
    adapter: Kept,
    ttl: { AccessToken: 3_600, Grant: 3_600, IdToken: 3_600, Interaction: 3_600, Session: 3_600 },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false }, userinfo: { enabled: true } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ ...account, sub: id }) }),
    async loadExistingGrant({ oidc }) {
      const { client, session } = oidc
      if (!client || session?.accountId === undefined) return undefined
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid email groups')
      await grant.save()
      return grant
    },
  })
  const answer = provider.callback()
  server.on('request', (request, response) => {
    const path = new URL(request.url ?? '', issuer).pathname
    asked.push(`${request.method} ${path}`)
    if (failing !== undefined) {
      response.writeHead(failing, { 'content-type': 'text/html' }).end('<h1>not now</h1>')
      return
    }
    if (isOtherShown && path === '/jwks') {
      response.writeHead(200, { 'content-type': 'application/jwk-set+json' }).end(JSON.stringify(otherKeys()))
      return
    }
    if (!path.startsWith('/interaction/')) {
      answer(request, response)
      return
    }
    const result = account ? { login: { accountId: account.sub } } : { error: 'access_denied' }
    provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
  })
  return {
    issuer,
    environment: (publicUrl, groups) => ({
      PUBLIC_URL: publicUrl,
      OIDC_ISSUER: issuer,
      OIDC_CLIENT_ID: CLIENT.id,
      OIDC_CLIENT_SECRET: CLIENT.secret,
      OIDC_SCOPES: 'openid email groups',
      OIDC_GROUPS: JSON.stringify(groups),
    }),
    signIn(next) {
      account = next
    },
    asked,
    showOtherKeys() {
      isOtherShown = true
    },
    fail(status) {
      failing = status
    },
  }
}
