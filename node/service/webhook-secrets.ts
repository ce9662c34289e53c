import type { Logger } from 'pino'
import { errorCodeOf } from '#protocol'
import type { Store, WebhookOldSecretRecord, Write } from '#storage'

/** What the secrets of a webhook need. */
export type WebhookSecretsInit = {
  readonly store: Pick<Store, 'webhookSecrets' | 'webhookOldSecrets' | 'commit'>
  /** Of the webhook. */
  readonly key: Uint8Array
  readonly secret: Uint8Array
  readonly old?: WebhookOldSecretRecord | undefined
  readonly nowMs: () => number
  readonly log: Logger
}

/** What one webhook is signed with: its secret, and for a while the one before, so that its owner can change over. */
export class WebhookSecrets {
  readonly #init: WebhookSecretsInit
  #secret: Uint8Array
  #old: WebhookOldSecretRecord | undefined
  #timer: NodeJS.Timeout | undefined
  #work: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(init: WebhookSecretsInit) {
    this.#init = init
    this.#secret = init.secret
    this.#old = init.old
    this.#awaitEnd()
  }

  /** Secrets that count now, the newest first. */
  list(): readonly Uint8Array[] {
    return this.oldUntilMs === undefined || this.#old === undefined ? [this.#secret] : [this.#secret, this.#old.secret]
  }

  /** Until when the secret before signs too; `undefined` when there is none. */
  get oldUntilMs(): number | undefined {
    return this.#old !== undefined && this.#old.untilMs > this.#init.nowMs() ? this.#old.untilMs : undefined
  }

  /**
   * Puts a secret in the place of the present one, which signs beside it for `graceMs`; what was rotated before ends.
   *
   * @param commit makes the change durable; until then the present secret alone signs.
   */
  async rotate(
    secret: Uint8Array,
    graceMs: number,
    commit: (writes: readonly Write[]) => Promise<void>,
  ): Promise<void> {
    const { store, key, nowMs } = this.#init
    const old = graceMs === 0 ? undefined : { secret: this.#secret, untilMs: nowMs() + graceMs }
    // Its end must not remove what is written now.
    clearTimeout(this.#timer)
    try {
      await this.#work
      const { webhookSecrets, webhookOldSecrets } = store
      await commit([
        webhookSecrets.put(key, secret),
        old === undefined ? webhookOldSecrets.remove(key) : webhookOldSecrets.put(key, old),
      ])
      this.#secret = secret
      this.#old = old
    } finally {
      this.#awaitEnd()
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    await this.#work
  }

  // At most a week, which a timer holds; one that ended while the node was down goes at once.
  #awaitEnd(): void {
    if (this.#old === undefined || this.#isStopped) return
    this.#timer = setTimeout(
      () => {
        this.#work = this.#end()
      },
      Math.max(0, this.#old.untilMs - this.#init.nowMs()),
    )
  }

  async #end(): Promise<void> {
    const { store, key, log } = this.#init
    this.#old = undefined
    try {
      await store.commit([store.webhookOldSecrets.remove(key)], { durable: true })
    } catch (cause) {
      log.warn({ code: errorCodeOf(cause) }, 'old secret of a webhook not removed; it signs nothing any more')
    }
  }
}
