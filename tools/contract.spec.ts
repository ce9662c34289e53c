import assert from 'node:assert/strict'
import { readAuditRegistryArtifact } from '../contracts/index.ts'
import { compileAuditRegistry } from './contract/compile.ts'

// The compiler and OpenZeppelin's sources are as large as all else that a node needs beside Helia: they lie with the checking tools.
describe('the AuditRegistry that is committed compiled', () => {
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
})
