import assert from 'node:assert/strict'
import { AbiCoder } from 'ethers'
import { hashAnchor, hashAnchorStruct, toHex, ZERO_32 } from '#protocol'
import type { Anchor } from '#protocol'
import {
  anchorToAbi,
  findAnchorSignatures,
  packSignatures,
  registryInterface,
} from '../../../node/chain/registry-abi.ts'
import { foundRegion, hashOf, REGION, signByQuorum } from '../../support/region-fixture.ts'

const region = foundRegion()
const anchor: Anchor = {
  region: REGION,
  epoch: 0,
  seq: 3,
  prev: ZERO_32,
  root: hashOf('root'),
  manifest: hashOf('manifest'),
  claims: 7,
  gramsLocation: 10n ** 30n,
  gramsMarket: 0n,
}
const digest = hashAnchor(region.domain, anchor)
const signatures = signByQuorum(region, digest)

function inputOf(called: Anchor): string {
  return registryInterface().encodeFunctionData('anchor', [anchorToAbi(called), packSignatures(digest, signatures)])
}

describe('signatures in the input of a transaction', () => {
  it('are those of the call that anchors', () => {
    assert.deepEqual(findAnchorSignatures(inputOf(anchor), hashAnchorStruct(anchor)), signatures)
  })

  it('are found in a call that another contract passes on, beside calls for other anchors', () => {
    const calls = [{ ...anchor, seq: 2 }, anchor, { ...anchor, seq: 4 }].map(inputOf)
    const body = AbiCoder.defaultAbiCoder().encode(['address', 'bytes[]'], [toHex(region.domain.registry), calls])
    assert.deepEqual(findAnchorSignatures(`0xac9650d8${body.slice(2)}`, hashAnchorStruct(anchor)), signatures)
  })

  it('are none in the input of anything else', () => {
    const input = inputOf(anchor)
    for (const other of ['0x', '0x00', input.slice(0, 10), input.slice(0, -200), `0x0${input.slice(2)}`]) {
      assert.deepEqual(findAnchorSignatures(other, hashAnchorStruct(anchor)), [], other.slice(0, 20))
    }
    assert.deepEqual(findAnchorSignatures(input, hashAnchorStruct({ ...anchor, claims: 8 })), [])
  })
})
