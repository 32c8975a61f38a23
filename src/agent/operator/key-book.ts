import { Mutex } from 'async-mutex'
import type { ApiKeys, KeptKey, KeyChanges } from '../../api/index.ts'
import { AppError, messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { Tables } from '../../metrics/tables.ts'
import type { BudgetManager } from '../../shield/index.ts'
import { orgScope, ownId } from '../organisations.ts'
import { GLOBAL_SCOPE, keyScope } from '../scopes.ts'
import type { KeyStore } from './key-store.ts'

/** The share of the table of keys that one organisation may fill. */
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
  /** Ids of keys that were revoked here, while the revocation could not be stored yet. */
  readonly #unkept = new Set<string>()
  /** Stored keys that are not accepted, by id. */
  readonly #untrusted = new Map<string, KeptKey>()

  constructor(options: BookOptions) {
    this.#options = options
  }

  /**
   * Applies stored keys, at a start or when another process has changed them. A key that was made while the service
   * needed no keys is not accepted once it does, because anybody on the machine may have made it. A key that was
   * revoked here stays revoked, even if the store has lost the revocation.
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

  /** Adds a key. Throws 400 if its name is taken or there are too many keys, 503 if it cannot be stored. */
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
      // This key's limits replace those of an earlier key of the same name.
      if (key.budget)
        this.#options.budget.define(keyScope(key.id), key.budget.currency, key.budget.limits, 'operator')
      this.#set(key)
    })
  }

  /** Changes a key. Throws 400 if another process has changed it meanwhile, 503 if the change cannot be stored. */
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

  /** Revokes a key: at once in this process, and elsewhere when it is stored. Throws 503 if it cannot be stored. */
  revoke(revoked: KeptKey): Promise<void> {
    this.#set(revoked)
    this.#unkept.add(revoked.id)
    return this.#changing.runExclusive(async () => {
      // Meanwhile the key may have been changed, or replaced by another of the same name.
      if (this.#options.keys.made.get(revoked.id)?.sha256 !== revoked.sha256) return
      this.#set(revoked)
      await this.#options.store.revoke(revoked)
      this.#unkept.delete(revoked.id)
      // Not earlier: if the key is still valid after a restart, it must have the limits that were set last.
      this.#endBudget(revoked)
    })
  }

  /**
   * Whether the key was revoked here and the revocation could not be stored, so that the next start would accept it.
   */
  isUnkept(id: string): boolean {
    return this.#unkept.has(id)
  }

  /** The key as this process knows it, if it is revoked; undefined otherwise, also for another key of the same name. */
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

  /** Deletes the key that was revoked first if there are as many keys as allowed. Throws 400 if none is revoked. */
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

  /** Throws 400 if the key is to have a budget and there are as many budgets as allowed. */
  #requireRoomForBudget({ budget: wanted, id }: KeptKey): void {
    const { budget, most } = this.#options
    if (!wanted || budget.scope(keyScope(id)) || budget.scopeCount < most.budgets) return
    const detail = `budget: there are ${most.budgets} budgets already, as many as TABLE_LIMITS lets there be`
    throw new AppError('invalid_request', detail, 'never', { field: 'budget' })
  }

  /** Makes sure that a valid key has its budget, and that a revoked one has none. */
  #haveBudget(key: KeptKey): void {
    const { budget } = this.#options
    if (key.revokedAtMs !== undefined) this.#endBudget(key)
    else if (key.budget && !budget.scope(keyScope(key.id)))
      budget.define(keyScope(key.id), key.budget.currency, key.budget.limits)
  }

  /** Bids under way are still settled, and what was spent counts until it leaves the windows of the budget. */
  #endBudget({ id, budget }: KeptKey): void {
    if (budget) this.#options.budget.remove(keyScope(id))
  }

  /** Makes the organisation's scope, so that the operator can set limits for the organisation from its first key on. */
  #haveOrgScope(org: number | undefined): void {
    const { budget } = this.#options
    if (org === undefined || budget.scope(orgScope(org))) return
    budget.define(orgScope(org), budget.scope(GLOBAL_SCOPE)?.currency ?? 'USD', [])
  }
}

const isValid = (key: KeptKey | undefined): boolean => key !== undefined && key.revokedAtMs === undefined

const taken = (name: string) =>
  new AppError('invalid_request', `name: there is a key ${name} already`, 'never', { field: 'name' })
