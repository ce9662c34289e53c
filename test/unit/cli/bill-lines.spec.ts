import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import type { BillStatus } from '#api'
import { billLines } from '../../../node/cli/bill-lines.ts'
import { Terminal } from '../../../node/cli/terminal.ts'
import { FAKE_SEALED_BILL, statusOf } from '../../support/fake-node.ts'

describe('lines of a bill', () => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const { signal } = new AbortController()
  const terminal = new Terminal({ stdin, stdout, stderr, environment: {}, signal })
  const linesOf = (withdrawn?: BillStatus['withdrawn']): string[] =>
    billLines(terminal, {
      ...statusOf(FAKE_SEALED_BILL, 'sealed'),
      state: 'final',
      ...(withdrawn === undefined ? {} : { withdrawn }),
    })

  it('say that its file was withdrawn, where it is, and that claims stay', () => {
    assert.equal(linesOf().length, 1)
    assert.deepEqual(linesOf({ at: '2026-02-01T10:00:00.000Z', removed: true }).slice(1), [
      '  withdrawn on 2026-02-01, its account was closed: its file is destroyed here; claims and proofs stay',
    ])
    assert.match(
      linesOf({ removed: false })[1] ?? '',
      /^ {2}withdrawn, its account was closed: its file is destroyed when its claims are final/,
    )
    assert.match(linesOf({ removed: true })[0] ?? '', / {2}final {2}sealed /)
  })
})
