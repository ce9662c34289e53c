import { SigningKey, Transaction } from 'ethers'
import { addressOfPrivateKey, errorCodeOf, toHex } from '#protocol'
import { Serial } from '../serial.ts'
import { ChainError } from './chain-error.ts'
import { receiptShape } from './chain-shapes.ts'
import type { Receipt } from './chain-shapes.ts'
import {
  GAS_RESERVE_PERCENT,
  MAX_FEE_PER_GAS_WEI,
  RECEIPT_POLL_MS,
  REPLACE_AFTER_MS,
  SUBMIT_TIMEOUT_MS,
} from './constants.ts'
import { bumpFee, largerFee, suggestFee } from './fees.ts'
import type { Fee } from './fees.ts'
import { hexShape, quantityShape } from './json-rpc.ts'
import type { JsonRpc, RequestOptions } from './json-rpc.ts'
import { pause } from './pause.ts'

/** Options of {@link Payer}. */
export type PayerInit = {
  readonly chainId: number
  /** 32-byte private key of the account that pays; it has no authority (DESIGN 4). */
  readonly key: Uint8Array
  /** @default 500 */
  readonly pollMs?: number
  /** Without a receipt for this long, the transaction is sent again with a higher fee. @default 60_000 */
  readonly replaceAfterMs?: number
  /** @default 600_000 */
  readonly timeoutMs?: number
  /** @default 500 gwei */
  readonly maxFeePerGasWei?: bigint
}

/** What is to be done on chain. */
export type Call = {
  /** Contract that is called; `undefined` creates one. */
  readonly to?: Uint8Array
  /** Input, `0x` hex. */
  readonly input: string
}

/** One nonce and everything that was sent with it. */
type Attempt = {
  readonly nonce: number
  readonly gasLimit: bigint
  fee: Fee
  raw: string
  /** True once an endpoint has taken the newest transaction. */
  isTaken: boolean
  sentAtMs: number
  /** Hashes of all versions: any of them may be the one that is mined. */
  readonly hashes: string[]
}

const receiptOrNullShape = receiptShape.nullable()

/**
 * Sends transactions of one account, one after another, and waits for their receipts.
 *
 * Starts at the account's *mined* nonce, so that a transaction that an earlier run left stuck is replaced and not queued behind.
 */
export class Payer {
  readonly address: Uint8Array
  readonly #rpc: JsonRpc
  readonly #init: Required<Omit<PayerInit, 'key'>>
  readonly #key: SigningKey
  readonly #serial = new Serial()

  constructor(rpc: JsonRpc, init: PayerInit) {
    this.#rpc = rpc
    this.#key = new SigningKey(init.key)
    this.address = addressOfPrivateKey(init.key)
    this.#init = {
      chainId: init.chainId,
      pollMs: init.pollMs ?? RECEIPT_POLL_MS,
      replaceAfterMs: init.replaceAfterMs ?? REPLACE_AFTER_MS,
      timeoutMs: init.timeoutMs ?? SUBMIT_TIMEOUT_MS,
      maxFeePerGasWei: init.maxFeePerGasWei ?? MAX_FEE_PER_GAS_WEI,
    }
  }

  /** Balance of the paying account, in wei. */
  async balanceWei(options: RequestOptions = {}): Promise<bigint> {
    return await this.#rpc.call(quantityShape, 'eth_getBalance', [toHex(this.address), 'latest'], options)
  }

  /** Transactions of the account that are mined: the nonce of its next one. */
  async nextNonce(options: RequestOptions = {}): Promise<number> {
    const params = [toHex(this.address), 'latest']
    return Number(await this.#rpc.call(quantityShape, 'eth_getTransactionCount', params, options))
  }

  /**
   * Sends a transaction and waits until it is mined, bumping its fee when it takes long. While the endpoint is silent it goes on
   * trying. A receipt with status 0 is returned, not thrown.
   *
   * @throws {ChainError} ERR_CHAIN_REVERTED when it would revert (nothing is spent), ERR_CHAIN_PAYER_EMPTY, ERR_CHAIN_TIMEOUT,
   * ERR_CHAIN_UNREACHABLE when it could not even be prepared, ERR_CHAIN_RPC when the endpoint refuses it.
   */
  async send(call: Call, options: RequestOptions = {}): Promise<Receipt> {
    return await this.#serial.run(async () => {
      const deadlineMs = performance.now() + this.#init.timeoutMs
      const sent: string[] = []
      for (;;) {
        const receipt = await this.#attempt(call, { ...options, deadlineMs, sent })
        if (receipt !== undefined) return receipt
        if (performance.now() > deadlineMs) throw this.#timeout(sent)
        await pause(this.#init.pollMs, options.signal)
      }
    })
  }

  /** Receipt of the transaction; `undefined` when another one of this account took its nonce. */
  async #attempt(
    call: Call,
    options: RequestOptions & { readonly deadlineMs: number; readonly sent: string[] },
  ): Promise<Receipt | undefined> {
    const attempt = await this.#prepare(call, options)
    for (;;) {
      try {
        if (!attempt.isTaken) {
          if (options.sent.at(-1) !== attempt.hashes.at(-1)) options.sent.push(attempt.hashes.at(-1) ?? '')
          if ((await this.#broadcast(attempt, options)) === 'nonce-used')
            return await this.#findReceipt(attempt, options)
        }
        const receipt = await this.#findReceipt(attempt, options)
        if (receipt !== undefined) return receipt
        if ((await this.nextNonce(options)) > attempt.nonce) return await this.#findReceipt(attempt, options)
        if (performance.now() - attempt.sentAtMs > this.#init.replaceAfterMs)
          await this.#replace(call, attempt, options)
      } catch (thrown) {
        // Sent, or perhaps sent: only an answer can tell what became of it, so wait for one.
        if (errorCodeOf(thrown) !== 'ERR_CHAIN_UNREACHABLE') throw thrown
        if (performance.now() > options.deadlineMs) throw this.#timeout(options.sent, thrown)
      }
      if (performance.now() > options.deadlineMs) throw this.#timeout(options.sent)
      await pause(this.#init.pollMs, options.signal)
    }
  }

  async #prepare(call: Call, options: RequestOptions): Promise<Attempt> {
    const gasLimit = ((await this.#estimateGas(call, options)) * (100n + GAS_RESERVE_PERCENT)) / 100n
    const fee = await suggestFee(this.#rpc, this.#init.maxFeePerGasWei, options)
    const neededWei = gasLimit * fee.maxWei
    const balanceWei = await this.balanceWei(options)
    if (balanceWei < neededWei) throw this.#empty(balanceWei, neededWei)
    const nonce = await this.nextNonce(options)
    const attempt: Attempt = { nonce, gasLimit, fee, raw: '', isTaken: false, sentAtMs: 0, hashes: [] }
    this.#sign(call, attempt)
    return attempt
  }

  #sign(call: Call, attempt: Attempt): void {
    const transaction = Transaction.from({
      chainId: this.#init.chainId,
      nonce: attempt.nonce,
      gasLimit: attempt.gasLimit,
      to: call.to === undefined ? null : toHex(call.to),
      data: call.input,
      ...(attempt.fee.kind === 'legacy'
        ? { type: 0, gasPrice: attempt.fee.maxWei }
        : { type: 2, maxFeePerGas: attempt.fee.maxWei, maxPriorityFeePerGas: attempt.fee.tipWei }),
    })
    transaction.signature = this.#key.sign(transaction.unsignedHash)
    attempt.raw = transaction.serialized
    attempt.isTaken = false
    attempt.sentAtMs = performance.now()
    attempt.hashes.push(transaction.hash ?? '')
  }

  /** Hands the newest version to the endpoint. Endpoints tell the reasons of a refusal only in words, each in its own. */
  async #broadcast(attempt: Attempt, options: RequestOptions): Promise<'taken' | 'nonce-used'> {
    try {
      await this.#rpc.call(hexShape, 'eth_sendRawTransaction', [attempt.raw], options)
    } catch (thrown) {
      if (!(thrown instanceof ChainError) || thrown.code !== 'ERR_CHAIN_RPC') throw thrown
      const words = thrown.message.toLowerCase()
      if (/nonce.*(too low|already used)|oldnonce/.test(words)) return 'nonce-used'
      if (/insufficient funds|enough funds/.test(words)) {
        throw this.#empty(await this.balanceWei(options), attempt.gasLimit * attempt.fee.maxWei)
      }
      // An older version is in the pool and pays too much to be replaced by this one: the next bump is due at once.
      if (/underpriced|replacement|fee too low/.test(words)) attempt.sentAtMs = -Infinity
      else if (!/already|known/.test(words)) throw thrown
    }
    attempt.isTaken = true
    return 'taken'
  }

  async #replace(call: Call, attempt: Attempt, options: RequestOptions): Promise<void> {
    // Reverts now if somebody else did the same meanwhile: then a higher fee would be wasted.
    await this.#estimateGas(call, options)
    const bumped = bumpFee(attempt.fee, this.#init.maxFeePerGasWei)
    if (bumped === undefined) {
      // At the ceiling: say it again, an endpoint may have forgotten it.
      attempt.isTaken = false
      attempt.sentAtMs = performance.now()
      return
    }
    attempt.fee = largerFee(bumped, await suggestFee(this.#rpc, this.#init.maxFeePerGasWei, options))
    this.#sign(call, attempt)
  }

  async #estimateGas(call: Call, options: RequestOptions): Promise<bigint> {
    const to = call.to === undefined ? {} : { to: toHex(call.to) }
    // On mined blocks, not on the pool as some endpoints would: our own waiting version must not count as done.
    const params = [{ from: toHex(this.address), data: call.input, ...to }, 'latest']
    return await this.#rpc.call(quantityShape, 'eth_estimateGas', params, options)
  }

  async #findReceipt(attempt: Attempt, options: RequestOptions): Promise<Receipt | undefined> {
    for (const hash of attempt.hashes.toReversed()) {
      const receipt = await this.#rpc.call(receiptOrNullShape, 'eth_getTransactionReceipt', [hash], options)
      if (receipt !== null) return receipt
    }
    return undefined
  }

  #empty(balanceWei: bigint, neededWei: bigint): ChainError {
    return new ChainError(`payer ${toHex(this.address)} has ${balanceWei} wei, needs ${neededWei}`, {
      code: 'ERR_CHAIN_PAYER_EMPTY',
      payer: toHex(this.address),
      balanceWei: balanceWei.toString(),
      neededWei: neededWei.toString(),
    })
  }

  #timeout(txHashes: readonly string[], cause?: unknown): ChainError {
    return new ChainError(
      `not mined within ${this.#init.timeoutMs} ms: ${txHashes.join(', ')}`,
      { code: 'ERR_CHAIN_TIMEOUT', txHashes },
      { cause },
    )
  }
}
