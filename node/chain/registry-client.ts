import { getBytes } from 'ethers'
import type { Result } from 'ethers'
import { encodeRegion, equalBytes, fromHex, hashAnchor, hashAnchorStruct, toHex } from '#protocol'
import type { Anchor, Domain } from '#protocol'
import { ChainError } from './chain-error.ts'
import { blockTimeShape, receiptShape } from './chain-shapes.ts'
import type { Receipt } from './chain-shapes.ts'
import { FINAL_DEPTH_BLOCKS } from './constants.ts'
import { readExtent } from './finality.ts'
import { JsonRpc, quantityShape } from './json-rpc.ts'
import type { RequestOptions } from './json-rpc.ts'
import { Payer } from './payer.ts'
import type { PayerInit } from './payer.ts'
import { anchorToAbi, decodeRevert, findAnchoredEvent, packSignatures, registryInterface } from './registry-abi.ts'
import type { AnchoredEvent } from './registry-abi.ts'

/** Options of {@link RegistryClient}. */
export type RegistryClientInit = {
  readonly rpcUrl: string
  /** Chain, contract and network that the charter names. */
  readonly domain: Domain
  /** The account that pays for anchors, with its fee policy; without one the client only reads. */
  readonly payer?: Omit<PayerInit, 'chainId'>
  /** Depth that counts as final on chains without the `finalized` tag. @default 96 */
  readonly finalDepthBlocks?: number
}

/** Where an anchor is in the chain. */
type AnchorPlace = {
  readonly txHash: Uint8Array
  readonly blockNumber: number
  readonly blockHash: Uint8Array
}

/** How {@link RegistryClient.submitAnchor} ended. */
export type SubmitOutcome =
  /** Our transaction took effect. */
  | (AnchorPlace & {
      readonly outcome: 'anchored'
      readonly gasUsed: bigint
      /** What it cost; absent where the endpoint does not tell the price. */
      readonly feeWei?: bigint
    })
  /** Somebody else's transaction wrote this same anchor; the watcher will tell its place. */
  | { readonly outcome: 'already-anchored' }
  /** Another anchor has this sequence number: this one must be proposed again on top of the head. */
  | { readonly outcome: 'superseded'; readonly headSeq: number }

/** What the contract says of an anchor. */
export type AnchorStatus =
  | { readonly found: 'absent' }
  | { readonly found: 'other-root'; readonly root: Uint8Array }
  | { readonly found: 'anchored' }

/** An anchor's event in the chain, and whether its block is final. */
export type AnchorEvidence = AnchorPlace & { readonly event: AnchoredEvent; readonly isFinal: boolean }

const receiptOrNullShape = receiptShape.nullable()

/** One network's AuditRegistry through one JSON-RPC endpoint. Holds no connection; needs no start or stop. */
export class RegistryClient {
  readonly #rpc: JsonRpc
  readonly #domain: Domain
  readonly #payer: Payer | undefined
  readonly #finalDepthBlocks: number

  constructor(init: RegistryClientInit) {
    this.#rpc = new JsonRpc({ url: init.rpcUrl })
    this.#domain = init.domain
    this.#payer =
      init.payer === undefined ? undefined : new Payer(this.#rpc, { ...init.payer, chainId: init.domain.chainId })
    this.#finalDepthBlocks = init.finalDepthBlocks ?? FINAL_DEPTH_BLOCKS
  }

  /**
   * Checks that the endpoint serves the charter's chain, and that the charter's address is this network's registry.
   *
   * @throws {ChainError} ERR_CHAIN_WRONG_ID, ERR_CHAIN_NO_CONTRACT, ERR_CHAIN_UNREACHABLE.
   */
  async check(options: RequestOptions = {}): Promise<void> {
    const found = await this.#rpc.chainId(options)
    if (found !== this.#domain.chainId) {
      throw new ChainError(`${this.#rpc.origin} serves chain ${found}, the charter names ${this.#domain.chainId}`, {
        code: 'ERR_CHAIN_WRONG_ID',
        expected: this.#domain.chainId,
        found,
      })
    }
    const [networkId] = await this.#read('networkId', [], options)
    if (!equalBytes(getBytes(networkId as string), this.#domain.networkId)) {
      throw this.#noContract('is the registry of another network')
    }
  }

  /** Epoch and last anchor of a region: sequence number 0 and 32 zero bytes before the first. */
  async head(
    region: string,
    options: RequestOptions = {},
  ): Promise<{ readonly epoch: number; readonly seq: number; readonly anchorHash: Uint8Array }> {
    const [epoch, seq, anchorHash] = await this.#read('head', [encodeRegion(region)], options)
    return { epoch: Number(epoch), seq: Number(seq), anchorHash: getBytes(anchorHash as string) }
  }

  /** Current epoch and committee of a region, 20-byte addresses in ascending order; no members: the region is unknown. */
  async committee(
    region: string,
    options: RequestOptions = {},
  ): Promise<{ readonly epoch: number; readonly members: readonly Uint8Array[] }> {
    const [epoch, members] = await this.#read('committee', [encodeRegion(region)], options)
    return { epoch: Number(epoch), members: membersOf(members as Result) }
  }

  /** Committee of a region in a given epoch; empty if there is none. */
  async committeeAt(region: string, epoch: number, options: RequestOptions = {}): Promise<readonly Uint8Array[]> {
    const [members] = await this.#read('committeeAt', [encodeRegion(region), epoch], options)
    return membersOf(members as Result)
  }

  /** 20-byte address of the paying account; `undefined` if the client only reads. */
  get payer(): Uint8Array | undefined {
    return this.#payer?.address
  }

  /** What a unit of gas costs now, in wei. */
  async gasPriceWei(options: RequestOptions = {}): Promise<bigint> {
    return await this.#rpc.call(quantityShape, 'eth_gasPrice', [], options)
  }

  /** Time of the newest block, in ms since 1970. */
  async blockTimeMs(options: RequestOptions = {}): Promise<number> {
    const block = await this.#rpc.call(blockTimeShape, 'eth_getBlockByNumber', ['latest', false], options)
    return Number(block.timestamp) * 1_000
  }

  /** Balance of the paying account, in wei; 0 if there is none. */
  async payerBalanceWei(options: RequestOptions = {}): Promise<bigint> {
    return (await this.#payer?.balanceWei(options)) ?? 0n
  }

  /**
   * Writes an anchor and waits until it is in a block. Looks at the chain first, and again whenever the contract refuses: that
   * somebody else was faster is an outcome, not a failure.
   *
   * @param signatures - Exactly a quorum of 65-byte signatures of the current committee, in any order.
   * @throws {ChainError} ERR_CHAIN_REVERTED (the contract refuses for another reason), ERR_CHAIN_PAYER_EMPTY, ERR_CHAIN_TIMEOUT,
   * ERR_CHAIN_UNREACHABLE, ERR_CHAIN_NO_CONTRACT.
   */
  async submitAnchor(
    anchor: Anchor,
    signatures: readonly Uint8Array[],
    options: RequestOptions = {},
  ): Promise<SubmitOutcome> {
    if (this.#payer === undefined) throw new TypeError('a client without a payer cannot submit')
    const before = await this.#findRival(anchor, options)
    if (before !== undefined) return before
    const packed = packSignatures(hashAnchor(this.#domain, anchor), signatures)
    const input = registryInterface().encodeFunctionData('anchor', [anchorToAbi(anchor), packed])
    try {
      const receipt = await this.#payer.send({ to: this.#domain.registry, input }, options)
      if (receipt.status !== 1) throw await this.#explainRevert(input, options)
      // DESIGN 11: anchored is receipt status 1 and the right event from the right contract.
      if (this.#eventOf(receipt, anchor) === undefined) throw this.#noContract('did not record the anchor')
      const { gasUsed, effectiveGasPrice } = receipt
      const fee = effectiveGasPrice === undefined ? {} : { feeWei: gasUsed * effectiveGasPrice }
      return { outcome: 'anchored', ...placeOf(receipt), gasUsed, ...fee }
    } catch (thrown) {
      if (!(thrown instanceof ChainError) || thrown.code !== 'ERR_CHAIN_REVERTED') throw thrown
      const rival = await this.#findRival(anchor, options)
      if (rival !== undefined) return rival
      throw thrown
    }
  }

  /** What the contract's storage says of (region, seq) now. */
  async verifyAnchored(
    { region, seq, root }: Pick<Anchor, 'region' | 'seq' | 'root'>,
    options: RequestOptions = {},
  ): Promise<AnchorStatus> {
    const [stored] = await this.#read('rootOf', [encodeRegion(region), seq], options)
    const storedRoot = getBytes(stored as string)
    if (equalBytes(storedRoot, root)) return { found: 'anchored' }
    return storedRoot.every((byte) => byte === 0) ? { found: 'absent' } : { found: 'other-root', root: storedRoot }
  }

  /** The event that a transaction left for this anchor; `undefined` if it is not mined, reverted, or did something else. */
  async findEvidence(
    anchor: Anchor,
    txHash: Uint8Array,
    options: RequestOptions = {},
  ): Promise<AnchorEvidence | undefined> {
    const { finalBlock } = await readExtent(this.#rpc, this.#finalDepthBlocks, options)
    const receipt = await this.#rpc.call(receiptOrNullShape, 'eth_getTransactionReceipt', [toHex(txHash)], options)
    const event = receipt === null || receipt.status !== 1 ? undefined : this.#eventOf(receipt, anchor)
    if (receipt === null || event === undefined) return undefined
    return { ...placeOf(receipt), event, isFinal: receipt.blockNumber <= finalBlock }
  }

  /** A mined transaction was refused: something came between the estimate and the block. Asking again tells what. */
  async #explainRevert(input: string, options: RequestOptions): Promise<ChainError> {
    try {
      await this.#rpc.ethCall(this.#domain.registry, input, options)
      return decodeRevert(undefined)
    } catch (thrown) {
      if (thrown instanceof ChainError) return thrown
      throw thrown
    }
  }

  #eventOf(receipt: Receipt, anchor: Anchor): AnchoredEvent | undefined {
    const anchorHash = hashAnchorStruct(anchor)
    return receipt.logs
      .map((log) => findAnchoredEvent(this.#domain.registry, log))
      .find((event) => event !== undefined && equalBytes(event.anchorHash, anchorHash))
  }

  async #findRival(anchor: Anchor, options: RequestOptions): Promise<SubmitOutcome | undefined> {
    const head = await this.head(anchor.region, options)
    if (head.seq < anchor.seq) return undefined
    // Below the head only the root is stored. It commits to the claims, and what they sum up to follows from them.
    const isSame =
      head.seq === anchor.seq
        ? equalBytes(head.anchorHash, hashAnchorStruct(anchor))
        : (await this.verifyAnchored(anchor, options)).found === 'anchored'
    return isSame ? { outcome: 'already-anchored' } : { outcome: 'superseded', headSeq: head.seq }
  }

  async #read(name: string, args: readonly unknown[], options: RequestOptions): Promise<Result> {
    const abi = registryInterface()
    const answer = await this.#rpc.ethCall(this.#domain.registry, abi.encodeFunctionData(name, args), options)
    try {
      return abi.decodeFunctionResult(name, answer)
    } catch {
      throw this.#noContract('holds no registry')
    }
  }

  #noContract(what: string): ChainError {
    const registry = toHex(this.#domain.registry)
    return new ChainError(`${registry} ${what}`, { code: 'ERR_CHAIN_NO_CONTRACT', registry })
  }
}

function placeOf(receipt: Receipt): AnchorPlace {
  return { txHash: receipt.transactionHash, blockNumber: receipt.blockNumber, blockHash: receipt.blockHash }
}

function membersOf(members: Result): Uint8Array[] {
  return members.toArray().map((member) => fromHex(String(member).toLowerCase(), 20))
}
