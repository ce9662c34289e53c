import assert from 'node:assert/strict'
import { TypedDataEncoder, getAddress, getBytes } from 'ethers'
import { readAuditRegistryArtifact } from '#contracts'
import {
  addressOfPrivateKey,
  concatBytes,
  encodeRegion,
  fromHex,
  hashAnchor,
  hashAnchorStruct,
  keccak256,
  merklePath,
  merkleRoot,
  signDigest,
  toHex,
  utf8,
  ZERO_32,
} from '#protocol'
import type { Anchor, Domain } from '#protocol'
import { startAnvil } from '../../node/chain/anvil.ts'
import type { Anvil } from '../../node/chain/anvil.ts'
import { ChainError } from '../../node/chain/chain-error.ts'
import { anchorToAbi, findAnchoredEvent, registryInterface } from '../../node/chain/registry-abi.ts'
import { AnvilAccount, anchorInput, deployFor, makeAnchor, makeCommittee, signAnchor } from './chain-fixture.ts'

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const NA = 'north-america'

describe('AuditRegistry on a real chain', () => {
  const four = makeCommittee(NA, 4)
  const seven = makeCommittee('europe', 7)
  const next = makeCommittee('next', 5)
  let anvil: Anvil
  let account: AnvilAccount
  let domain: Domain
  let snapshot: unknown

  before(async () => {
    anvil = await startAnvil({ blockTimeS: 0 })
    account = new AnvilAccount(anvil)
    domain = await deployFor(anvil, { [NA]: four, europe: seven })
  })
  after(async () => await anvil.stop())
  beforeEach(async () => {
    snapshot = await account.rpc.request('evm_snapshot', [])
  })
  afterEach(async () => {
    await account.rpc.request('evm_revert', [snapshot])
  })

  const call = (input: string): Promise<string> => account.rpc.ethCall(domain.registry, input)
  const accept = async (anchor: Anchor, auditors = four): Promise<Anchor> => {
    const receipt = await account.send(
      domain.registry,
      anchorInput(domain, anchor, signAnchor(domain, anchor, auditors)),
    )
    assert.equal(receipt.status, 1)
    return anchor
  }
  /** `anchor()` with exactly these bytes as signatures. */
  const rawInput = (anchor: Anchor, signatures: readonly Uint8Array[]): string =>
    registryInterface().encodeFunctionData('anchor', [anchorToAbi(anchor), concatBytes([...signatures])])
  const refuses = async (input: string, errorName: string, errorArgs?: readonly string[]): Promise<void> => {
    await assert.rejects(call(input), (thrown) => {
      assert.ok(thrown instanceof ChainError, String(thrown))
      assert.equal(thrown.code, 'ERR_CHAIN_REVERTED')
      const details = thrown.details as { errorName: string; errorArgs: readonly string[] }
      assert.equal(details.errorName, errorName)
      if (errorArgs !== undefined) assert.deepEqual(details.errorArgs, errorArgs)
      return true
    })
  }
  const changeInput = (epoch: number, members: readonly Uint8Array[], signers = four, region = NA): string => {
    const types = {
      CommitteeChange: [
        { name: 'region', type: 'bytes32' },
        { name: 'epoch', type: 'uint64' },
        { name: 'members', type: 'address[]' },
      ],
    }
    const eip712 = {
      name: 'kWitness',
      version: '1',
      chainId: domain.chainId,
      verifyingContract: toHex(domain.registry),
      salt: toHex(domain.networkId),
    }
    const message = { region: toHex(encodeRegion(region)), epoch, members: members.map(toHex) }
    const digest = getBytes(TypedDataEncoder.hash(eip712, types, message))
    const signatures = signers.slice(0, 3).map(({ key }) => signDigest(digest, key))
    return registryInterface().encodeFunctionData('changeCommittee', [
      encodeRegion(region),
      members.map(toHex),
      concatBytes(signatures),
    ])
  }

  describe('a region without anchors', () => {
    it('has its founding committee, epoch 0 and an empty head', async () => {
      assert.deepEqual(await account.view(domain.registry, 'head', [encodeRegion(NA)]), [0n, 0n, toHex(ZERO_32)])
      const [epoch, members] = await account.view(domain.registry, 'committee', [encodeRegion('europe')])
      assert.equal(epoch, 0n)
      assert.deepEqual(
        (members as string[]).map((m) => m.toLowerCase()),
        seven.map((a) => toHex(a.address)),
      )
      assert.deepEqual(await account.view(domain.registry, 'quorum', [encodeRegion('europe')]), [5n])
      assert.deepEqual(await account.view(domain.registry, 'networkId', []), [toHex(domain.networkId)])
    })

    it('knows its members and nobody else', async () => {
      const isMember = async (region: string, who: Uint8Array): Promise<unknown> =>
        (await account.view(domain.registry, 'isMember', [encodeRegion(region), toHex(who)]))[0]
      for (const { address } of four) assert.equal(await isMember(NA, address), true)
      assert.equal(await isMember('europe', four[0]?.address ?? ZERO_32), false)
      assert.equal(await isMember('nowhere', four[0]?.address ?? ZERO_32), false)
    })
  })

  describe('anchor()', () => {
    it('accepts a quorum, keeps root and head, and emits every value', async () => {
      const anchor = makeAnchor(NA)
      const receipt = await account.send(
        domain.registry,
        anchorInput(domain, anchor, signAnchor(domain, anchor, four).toReversed()),
      )
      assert.equal(receipt.logs.length, 1)
      const event = receipt.logs.map((log) => findAnchoredEvent(domain.registry, log))[0]
      const { prev: _, ...rest } = anchor
      const plain = (value: object): object =>
        JSON.parse(
          JSON.stringify(value, (_k, v) =>
            typeof v === 'bigint' ? String(v) : v instanceof Uint8Array ? toHex(v) : v,
          ),
        )
      assert.deepEqual(plain(event ?? {}), plain({ ...rest, anchorHash: hashAnchorStruct(anchor) }))
      assert.deepEqual(await account.view(domain.registry, 'rootOf', [encodeRegion(NA), 1]), [toHex(anchor.root)])
      assert.deepEqual(await account.view(domain.registry, 'head', [encodeRegion(NA)]), [
        0n,
        1n,
        toHex(hashAnchorStruct(anchor)),
      ])
      await accept(makeAnchor(NA, anchor))
    })

    it('accepts any quorum of seven auditors, in the order of their addresses', async () => {
      let last: Anchor | undefined
      for (const absent of [0, 2, 4]) {
        const anchor: Anchor = makeAnchor('europe', last)
        await accept(anchor, seven.toSpliced(absent, 2).concat(seven.slice(absent, absent + 2)))
        last = anchor
      }
    })

    it('costs at most 85,000 gas for 3 of 4 and 100,000 for 5 of 7 in the steady state, however many claims it covers', async () => {
      for (const [auditors, region, limit] of [
        [four, NA, 85_000n],
        [seven, 'europe', 100_000n],
      ] as const) {
        let last = await accept(makeAnchor(region), auditors)
        for (const claims of [1, 512, 10_000]) {
          last = makeAnchor(region, last, { claims, gramsLocation: 119_000n * BigInt(claims) })
          // The highest addresses: the walk over the members is longest.
          const signatures = auditors
            .slice(-signAnchor(domain, last, auditors).length)
            .map(({ key }) => signDigest(hashAnchor(domain, last), key))
          const { gasUsed } = await account.send(domain.registry, rawInput(last, signatures))
          assert.ok(gasUsed <= limit, `${gasUsed} gas for ${claims} claims of ${region}`)
        }
      }
    })

    it('refuses too few and too many signatures', async () => {
      const anchor = makeAnchor(NA)
      const digest = hashAnchor(domain, anchor)
      const all = four.map(({ key }) => signDigest(digest, key))
      for (const count of [0, 1, 2, 4]) {
        const lengths = [String(3 * 65), String(count * 65)]
        await refuses(rawInput(anchor, all.slice(0, count)), 'AuditRegistryWrongSignaturesLength', lengths)
      }
      await refuses(rawInput(anchor, [...all.slice(0, 3), new Uint8Array(1)]), 'AuditRegistryWrongSignaturesLength')
      await call(rawInput(anchor, all.slice(0, 3)))
    })

    it('refuses the same signer twice', async () => {
      const anchor = makeAnchor(NA)
      const [a, b] = signAnchor(domain, anchor, four) as [Uint8Array, Uint8Array]
      await refuses(rawInput(anchor, [a, a, b]), 'AuditRegistrySignersNotAscending')
      await refuses(rawInput(anchor, [a, b, b]), 'AuditRegistrySignersNotAscending')
    })

    it('refuses members out of order', async () => {
      const anchor = makeAnchor(NA)
      const [a, b, c] = signAnchor(domain, anchor, four) as [Uint8Array, Uint8Array, Uint8Array]
      await refuses(rawInput(anchor, [b, a, c]), 'AuditRegistrySignersNotAscending')
      await refuses(rawInput(anchor, [c, b, a]), 'AuditRegistrySignersNotAscending')
    })

    it('refuses a signer of another committee', async () => {
      const anchor = makeAnchor(NA)
      const digest = hashAnchor(domain, anchor)
      for (const stranger of seven) {
        const mixed = [...four.slice(0, 2), stranger].map(({ key }) => signDigest(digest, key))
        await refuses(rawInput(anchor, mixed), 'AuditRegistryNotMember', ['2', checksum(stranger.address)])
      }
    })

    it('refuses the malleable twin of a valid signature', async () => {
      const anchor = makeAnchor(NA)
      const signatures = signAnchor(domain, anchor, four)
      await refuses(
        rawInput(anchor, signatures.with(1, twinOf(signatures[1] ?? ZERO_32))),
        'AuditRegistryInvalidSignature',
        ['1'],
      )
    })

    it('refuses a signature that recovers to nobody', async () => {
      const anchor = makeAnchor(NA)
      const signatures = signAnchor(domain, anchor, four)
      for (const v of [0, 1, 26, 29]) {
        const broken = (signatures[2] ?? ZERO_32).slice()
        broken[64] = v
        await refuses(rawInput(anchor, signatures.with(2, broken)), 'AuditRegistryInvalidSignature', ['2'])
      }
    })

    it('refuses signatures made for another network, chain or contract', async () => {
      const anchor = makeAnchor(NA)
      const foreign: Domain[] = [
        { ...domain, networkId: keccak256(utf8('another network')) },
        { ...domain, chainId: domain.chainId + 1 },
        { ...domain, registry: addressOfPrivateKey(keccak256(utf8('another contract'))) },
      ]
      for (const other of foreign) {
        await refuses(rawInput(anchor, signAnchor(other, anchor, four)), 'AuditRegistryNotMember')
      }
    })

    it('refuses what a registry of another network accepted', async () => {
      const twin = await deployFor(anvil, { [NA]: four, europe: seven }, keccak256(utf8('twin network')))
      const anchor = makeAnchor(NA)
      const input = anchorInput(twin, anchor, signAnchor(twin, anchor, four))
      assert.equal((await account.send(twin.registry, input)).status, 1)
      await refuses(input, 'AuditRegistryNotMember')
    })

    it('refuses content that was changed after it was signed', async () => {
      const anchor = makeAnchor(NA)
      const signatures = signAnchor(domain, anchor, four)
      const changes: Partial<Anchor>[] = [
        { root: keccak256(utf8('x')) },
        { manifest: ZERO_32 },
        { claims: anchor.claims + 1 },
        { gramsLocation: anchor.gramsLocation - 1n },
        { gramsMarket: anchor.gramsMarket + 1n },
      ]
      for (const change of changes)
        await refuses(rawInput({ ...anchor, ...change }, signatures), 'AuditRegistryNotMember')
    })

    it('refuses a signed anchor that does not continue the head', async () => {
      const first = await accept(makeAnchor(NA))
      const second = makeAnchor(NA, first)
      const signed = (anchor: Anchor): string => rawInput(anchor, signAnchor(domain, anchor, four))
      await refuses(signed({ ...second, prev: first.root }), 'AuditRegistryWrongPrevious')
      await refuses(signed({ ...second, prev: ZERO_32 }), 'AuditRegistryWrongPrevious')
      await refuses(signed({ ...second, seq: 3 }), 'AuditRegistryWrongSequence', ['2', '3'])
      await refuses(signed({ ...second, seq: 1 }), 'AuditRegistryWrongSequence', ['2', '1'])
      await refuses(signed(first), 'AuditRegistryWrongSequence', ['2', '1'])
      await call(signed(second))
    })

    it('refuses another epoch, an empty anchor and an unknown region', async () => {
      const signed = (anchor: Anchor): string => rawInput(anchor, signAnchor(domain, anchor, four))
      await refuses(signed(makeAnchor(NA, undefined, { epoch: 1 })), 'AuditRegistryWrongEpoch', ['0', '1'])
      await refuses(signed(makeAnchor(NA, undefined, { root: ZERO_32 })), 'AuditRegistryEmptyAnchor')
      await refuses(signed(makeAnchor(NA, undefined, { claims: 0 })), 'AuditRegistryEmptyAnchor')
      await refuses(signed(makeAnchor('oceania')), 'AuditRegistryUnknownRegion')
    })
  })

  describe('changeCommittee()', () => {
    const addresses = next.map((a) => a.address)

    it('seats the next committee, and then refuses the old one and the old epoch', async () => {
      const first = await accept(makeAnchor(NA))
      const receipt = await account.send(domain.registry, changeInput(1, addresses))
      assert.equal(receipt.status, 1)
      const event = registryInterface().parseLog({
        topics: receipt.logs[0]?.topics ?? [],
        data: receipt.logs[0]?.data ?? '',
      })
      assert.equal(event?.name, 'CommitteeChanged')
      assert.equal(event.args[1], 1n)

      const old = makeAnchor(NA, first)
      await refuses(rawInput(old, signAnchor(domain, old, four)), 'AuditRegistryWrongEpoch', ['1', '0'])
      const relabelled = { ...old, epoch: 1 }
      await refuses(
        rawInput(relabelled, signAnchor(domain, relabelled, four).concat(new Uint8Array(65))),
        'AuditRegistryNotMember',
      )
      await accept(relabelled, next)

      const before = await account.view(domain.registry, 'committeeAt', [encodeRegion(NA), 0])
      assert.deepEqual(
        (before[0] as string[]).map((m) => m.toLowerCase()),
        four.map((a) => toHex(a.address)),
      )
      assert.deepEqual(await account.view(domain.registry, 'quorum', [encodeRegion(NA)]), [4n])
      const [europe] = await account.view(domain.registry, 'committee', [encodeRegion('europe')])
      assert.equal(europe, 0n)
    })

    it('refuses a change for another epoch, and the same change twice', async () => {
      await refuses(changeInput(2, addresses), 'AuditRegistryNotMember')
      await refuses(changeInput(0, addresses), 'AuditRegistryNotMember')
      const back = changeInput(
        1,
        four.map((a) => a.address),
      )
      await account.send(domain.registry, back)
      await refuses(back, 'AuditRegistryNotMember')
    })

    it('refuses a change signed by others than the current committee', async () => {
      await refuses(changeInput(1, addresses, next), 'AuditRegistryNotMember')
    })

    it('refuses committees that are too small, unordered, repeated or hold the zero address', async () => {
      const zero = new Uint8Array(20)
      const [a, b, c, d] = addresses as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
      await refuses(changeInput(1, [a, b, c]), 'AuditRegistryInvalidCommitteeSize', ['3'])
      await refuses(changeInput(1, [a, c, b, d]), 'AuditRegistryMembersNotAscending')
      await refuses(changeInput(1, [a, b, b, d]), 'AuditRegistryMembersNotAscending')
      await refuses(changeInput(1, [zero, a, b, c]), 'AuditRegistryMembersNotAscending', [`0x${'0'.repeat(40)}`])
      const large = makeCommittee('large', 65).map((x) => x.address)
      await refuses(changeInput(1, large), 'AuditRegistryInvalidCommitteeSize', ['65'])
      await call(changeInput(1, large.slice(1)))
    })

    it('refuses an unknown region', async () => {
      await refuses(changeInput(1, addresses, four, 'oceania'), 'AuditRegistryUnknownRegion')
    })
  })

  describe('the constructor', () => {
    it('refuses small or unordered committees, and a region without a name or named twice', async () => {
      const found = (members: readonly Uint8Array[], ...regions: readonly Uint8Array[]): Promise<unknown> =>
        account.rpc.request('eth_estimateGas', [
          { data: creation(regions.map((region) => [region, members.map(toHex)])) },
        ])
      const addresses = four.map((a) => a.address)
      const reverts = (errorName: string) => (thrown: unknown) =>
        thrown instanceof ChainError && (thrown.details as { errorName?: string }).errorName === errorName
      await assert.rejects(found(addresses.slice(1), encodeRegion(NA)), reverts('AuditRegistryInvalidCommitteeSize'))
      await assert.rejects(found(addresses.toReversed(), encodeRegion(NA)), reverts('AuditRegistryMembersNotAscending'))
      await assert.rejects(found(addresses, ZERO_32), reverts('AuditRegistryInvalidRegion'))
      await assert.rejects(found(addresses, encodeRegion(NA), encodeRegion(NA)), reverts('AuditRegistryInvalidRegion'))
      await found(addresses, encodeRegion(NA), encodeRegion('europe'))
    })
  })

  describe('verifyClaim()', () => {
    it('follows a path to the root of its anchor and to no other', async () => {
      const leaves = Array.from({ length: 7 }, (_, i) => keccak256(keccak256(utf8(`claim ${i}`))))
      const first = await accept(makeAnchor(NA, undefined, { root: merkleRoot(leaves), claims: leaves.length }))
      await accept(makeAnchor(NA, first))
      const verify = async (seq: number, leaf: Uint8Array, path: readonly Uint8Array[]): Promise<unknown> =>
        (await account.view(domain.registry, 'verifyClaim', [encodeRegion(NA), seq, leaf, path]))[0]
      for (const [i, leaf] of leaves.entries()) {
        const path = merklePath(leaves, i)
        assert.equal(await verify(1, leaf, path), true)
        assert.equal(await verify(2, leaf, path), false)
        assert.equal(await verify(3, leaf, path), false)
        assert.equal(await verify(1, keccak256(leaf), path), false)
        assert.equal(await verify(1, leaf, path.slice(1)), false)
      }
      assert.equal(await verify(9, ZERO_32, []), false)
    })
  })

  it('announces its EIP-712 domain, equal to the one that auditors sign with', async () => {
    const announced = await account.view(domain.registry, 'eip712Domain', [])
    assert.deepEqual(announced.slice(0, 6), [
      '0x1f',
      'kWitness',
      '1',
      BigInt(domain.chainId),
      checksum(domain.registry),
      toHex(domain.networkId),
    ])
  })

  it('computes another domain when the chain changes its id', async () => {
    const [before] = await account.view(domain.registry, 'domainSeparator', [])
    await account.rpc.request('anvil_setChainId', [domain.chainId + 1])
    try {
      const [after] = await account.view(domain.registry, 'domainSeparator', [])
      assert.notEqual(after, before)
      const anchor = makeAnchor(NA)
      await refuses(rawInput(anchor, signAnchor(domain, anchor, four)), 'AuditRegistryNotMember')
      const forked = { ...domain, chainId: domain.chainId + 1 }
      await call(rawInput(anchor, signAnchor(forked, anchor, four)))
    } finally {
      await account.rpc.request('anvil_setChainId', [domain.chainId])
    }
  })
})

/** The other signature that the same key's point satisfies: n - s with the other v. */
function twinOf(signature: Uint8Array): Uint8Array {
  const s = ORDER - BigInt(toHex(signature.subarray(32, 64)))
  const v = new Uint8Array([signature[64] === 27 ? 28 : 27])
  return concatBytes([signature.subarray(0, 32), fromHex(`0x${s.toString(16).padStart(64, '0')}`), v])
}

function checksum(address: Uint8Array): string {
  return getAddress(toHex(address))
}

function creation(founding: readonly unknown[]): string {
  const args = registryInterface().encodeDeploy([keccak256(utf8('n')), founding])
  return readAuditRegistryArtifact().bytecode + args.slice(2)
}
