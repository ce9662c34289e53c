import assert from 'node:assert/strict'
import { makeProtocolVectors } from '../../support/protocol-vectors.ts'
import vectors from '../../vectors/protocol-1/vectors.json' with { type: 'json' }

describe('protocol vectors', () => {
  it('are what this code computes: another byte would be another protocol', () => {
    assert.deepEqual(JSON.parse(JSON.stringify(makeProtocolVectors())), vectors)
  })

  it('have good proofs and bad ones, and name the lines that fail', () => {
    assert.deepEqual(
      vectors.proofs.map(({ failed }) => failed.join(' ')),
      [
        '',
        '',
        '',
        'accepted anchor-path',
        'certificate',
        'certificate',
        'certificate',
        'accepted',
        'anchor-quorum',
        'file',
        'file',
        'file',
      ],
    )
  })
})
