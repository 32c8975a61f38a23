import { Mutex } from 'async-mutex'
import type { ApiKeys, KeptKey, KeyChanges } from '../../api/index.ts'
import { AppError, messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { Tables } from '../../metrics/tables.ts'
import type { BudgetManager } from '../../shield/index.ts'
import { orgScope, ownId } from '../organisations.ts'
import { GLOBAL_SCOPE, keyScope } from '../scopes.ts'
import type { KeyStore } from './key-store.ts'

/** Share of the table of keys that one organisation may fill. */
const OF_ORGANISATION = 1 / 4

interface BookOptions {
  readonly keys: ApiKeys
  readonly store: KeyStore
  readonly budget: BudgetManager
  readonly log: Logger
  readonly operatorOrg: number
  /** How many keys may be made at run time, and how many budgets there may be. */
  readonly most: Pick<Tables['limits'], 'api_keys' | 'budgets'>
}

/** Makes, changes and revokes API keys at run time, one change after the other. */
export class KeyBook {
  readonly #options: BookOptions
  readonly #changing = new Mutex()
  /** Ids of keys whose revocation could not be kept yet. */
  readonly #unkept = new Set<string>()
  /** Keys that are kept and not let in, by id. */
  readonly #untrusted = new Map<string, KeptKey>()

  constructor(options: BookOptions) {
    this.#options = options
  }

  /**
   * Takes what is kept, at a start or because another process has changed it. A key that was made where none was needed
   * is left out where they are: anybody on the machine may have made it. One that was revoked here stays revoked, also
   * where what keeps it has lost that.
   */
  take({ now, gone }: KeyChanges): void {
    const { keys, log } = this.#options
    const isTrusted = ({ madeOpenly }: KeptKey) => !madeOpenly || !keys.areNeeded
    const [trusted, others] = [now.filter(isTrusted), now.filter((key) => !isTrusted(key))]
    if (others.length > 0)
      log.warn({ count: others.length }, 'API keys that were made without a key are not accepted')
    for (const id of [...gone, ...trusted.map((key) => key.id)]) this.#untrusted.delete(id)
    for (const key of others) this.#untrusted.set(key.id, key)
    const lost = trusted.flatMap((key) => this.#revokedHere(key) ?? [])
    const known = trusted.map((key) => this.#revokedHere(key) ?? key)
    for (const key of known) {
      this.#haveOrgScope(key.org)
      this.#haveBudget(key)
    }
    keys.take({
      now: known,
      gone: [...gone, ...others.map(({ id }) => id)],
    })
    for (const key of lost) this.#revokeAgain(key)
  }

  /** Adds a key. Throws 400 for a name that is taken, or where there are too many, 503 where it cannot be kept. */
  make(key: KeptKey): Promise<void> {
    return this.#changing.runExclusive(async () => {
      const { keys } = this.#options
      const before = keys.made.get(key.id) ?? this.#untrusted.get(key.id)
      if (this.#isOfEnvironment(key.id) || isValid(keys.made.get(key.id))) throw taken(key.name)
      await this.#makeRoom(key)
      this.#requireRoomForBudget(key)
      if (!(await this.#options.store.put(key, before))) throw taken(key.name)
      this.#untrusted.delete(key.id)
      this.#haveOrgScope(key.org)
      // What is made now outranks what was set for a key of the same name before.
      if (key.budget)
        this.#options.budget.define(keyScope(key.id), key.budget.currency, key.budget.limits, 'operator')
      this.#set(key)
    })
  }

  /** Changes a key. Throws 400 where another process has changed it meanwhile, 503 where it cannot be kept. */
  change(before: KeptKey, after: KeptKey): Promise<void> {
    return this.#changing.runExclusive(async () => {
      if (
        this.#options.keys.made.get(before.id) !== before ||
        !(await this.#options.store.put(after, before))
      )
        throw new AppError('invalid_request', 'name: the key was changed meanwhile', 'later', {
          field: 'name',
        })
      this.#set(after)
    })
  }

  /** Keeps a key as revoked: in force here at once, elsewhere once it is kept. Throws 503 where it cannot be kept. */
  revoke(revoked: KeptKey): Promise<void> {
    this.#set(revoked)
    this.#unkept.add(revoked.id)
    return this.#changing.runExclusive(async () => {
      // A change may have come between, or another key of this name.
      if (this.#options.keys.made.get(revoked.id)?.sha256 !== revoked.sha256) return
      this.#set(revoked)
      await this.#options.store.revoke(revoked)
      this.#unkept.delete(revoked.id)
      // Not before that: a key that is still valid after a restart keeps the limits that were set last.
      this.#endBudget(revoked)
    })
  }

  /** Whether a key was revoked here, and that could not be kept: the next start would let it in. */
  isUnkept(id: string): boolean {
    return this.#unkept.has(id)
  }

  /** The key as it is here, where it is revoked; undefined where it is not, or is another one of its name. */
  #revokedHere({ id, sha256, revokedAtMs }: KeptKey): KeptKey | undefined {
    const here = this.#options.keys.made.get(id)
    const isLost = revokedAtMs === undefined && here?.sha256 === sha256 && !isValid(here)
    return isLost ? here : undefined
  }

  #revokeAgain(key: KeptKey): void {
    const { log } = this.#options
    log.warn({ key: key.id }, 'a revoked API key was kept as valid; it is revoked again')
    this.revoke(key).catch((error) => log.error({ key: key.id, detail: messageOf(error) }, 'not revoked'))
  }

  #set(key: KeptKey): void {
    this.#options.keys.take({ now: [key], gone: [] })
  }

  #isOfEnvironment(id: string): boolean {
    const { keys, operatorOrg } = this.#options
    return keys.ofEnvironment.some(
      ({ name, org }) => id === ownId(name, org === operatorOrg ? undefined : org),
    )
  }

  /** Forgets the oldest key that is over where there are as many as allowed. Throws 400 where none is. */
  async #makeRoom({ org, id }: KeptKey): Promise<void> {
    const { keys, most: limits } = this.#options
    const maxKeys = limits.api_keys
    const all = [...keys.made.values()].filter((one) => one.id !== id)
    const ofOrg = all.filter((one) => org !== undefined && one.org === org)
    const [full, most] =
      ofOrg.length >= maxKeys * OF_ORGANISATION ? [ofOrg, maxKeys * OF_ORGANISATION] : [all, maxKeys]
    if (full.length < most) return
    const over = full.filter(({ revokedAtMs }) => revokedAtMs !== undefined)
    const [oldest] = over.sort((a, b) => (a.revokedAtMs ?? 0) - (b.revokedAtMs ?? 0))
    if (!oldest)
      throw new AppError(
        'invalid_request',
        `There are ${Math.floor(most)} API keys already; revoke one first`,
      )
    await this.#options.store.forget(oldest.id)
    this.#unkept.delete(oldest.id)
    keys.take({ now: [], gone: [oldest.id] })
  }

  /** Throws 400 where a key is to have a budget and there are as many budgets as allowed. */
  #requireRoomForBudget({ budget: wanted, id }: KeptKey): void {
    const { budget, most } = this.#options
    if (!wanted || budget.scope(keyScope(id)) || budget.scopeCount < most.budgets) return
    const detail = `budget: there are ${most.budgets} budgets already, as many as TABLE_LIMITS lets there be`
    throw new AppError('invalid_request', detail, 'never', { field: 'budget' })
  }

  /** Makes sure that the budget of a valid key exists, and that of a revoked one does not. */
  #haveBudget(key: KeptKey): void {
    const { budget } = this.#options
    if (key.revokedAtMs !== undefined) this.#endBudget(key)
    else if (key.budget && !budget.scope(keyScope(key.id)))
      budget.define(keyScope(key.id), key.budget.currency, key.budget.limits)
  }

  /** Bids that are under way are still settled, and what was spent counts as long as the windows of the budget last. */
  #endBudget({ id, budget }: KeptKey): void {
    if (budget) this.#options.budget.remove(keyScope(id))
  }

  /** The operator can set limits for an organisation from its first key on. */
  #haveOrgScope(org: number | undefined): void {
    const { budget } = this.#options
    if (org === undefined || budget.scope(orgScope(org))) return
    budget.define(orgScope(org), budget.scope(GLOBAL_SCOPE)?.currency ?? 'USD', [])
  }
}

const isValid = (key: KeptKey | undefined): boolean => key !== undefined && key.revokedAtMs === undefined

const taken = (name: string) =>
  new AppError('invalid_request', `name: there is a key ${name} already`, 'never', { field: 'name' })
