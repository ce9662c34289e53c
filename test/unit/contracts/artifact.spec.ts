import assert from 'node:assert/strict'
import { compileAuditRegistry, readAuditRegistryArtifact } from '#contracts'

describe('the compiled AuditRegistry in the repository', () => {
  it('is what its sources, compiler and settings give', async () => {
    // Field by field, so that a difference is told in one line and not in 7,000 bytes.
    const committed = readAuditRegistryArtifact()
    const compiled = await compileAuditRegistry()
    assert.deepEqual(committed.sources, compiled.sources)
    assert.equal(committed.solc, compiled.solc)
    assert.deepEqual(committed.settings, compiled.settings)
    assert.deepEqual(committed.abi, compiled.abi)
    assert.ok(committed.bytecode === compiled.bytecode, 'bytecode differs: run `npm run contracts:build`')
    assert.deepEqual(Object.keys(committed).toSorted(), Object.keys(compiled).toSorted())
  })

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
