import assert from 'node:assert/strict'
import { readAuditRegistryArtifact } from '#contracts'

describe('the compiled AuditRegistry in the repository', () => {
  it('has no function that an owner, a proxy or a pause would need', () => {
    const writing = readAuditRegistryArtifact().abi.filter(
      (entry) => entry.type === 'function' && !/^(view|pure)$/.test(entry.stateMutability ?? ''),
    )
    assert.deepEqual(
      writing.map((entry) => entry.name).toSorted((a = '', b = '') => a.localeCompare(b)),
      ['anchor', 'changeCommittee'],
    )
  })

  it('names its own custom errors with its own prefix', () => {
    const errors = readAuditRegistryArtifact().abi.filter((entry) => entry.type === 'error')
    const foreign = errors.map((entry) => entry.name ?? '').filter((name) => !name.startsWith('AuditRegistry'))
    // OpenZeppelin's Create2 brings these; none can happen with a salt of region and epoch.
    assert.deepEqual(foreign.toSorted(), ['Create2EmptyBytecode', 'FailedDeployment', 'InsufficientBalance'])
  })
})
