import assert from 'node:assert/strict'
import { problemOf, statusOfCode } from '#api'
import { NodeError } from '../../../node/node-error.ts'

describe('problem details', () => {
  it('say that the node is busy where the same bill may be taken later', () => {
    const passing = ['ERR_AUDIT_TIMEOUT', 'ERR_AUDIT_ABORTED', 'ERR_AUDIT_WORKER', 'ERR_NODE_BUSY', 'ERR_NODE_STOPPED']
    for (const code of passing) assert.equal(statusOfCode(code), 503, code)
  })

  it('blame the bill where it will never be taken as it is', () => {
    for (const code of ['ERR_BILL_REJECTED', 'ERR_AUDIT_MEMORY', 'ERR_REGION_UNKNOWN', 'ERR_PLACE_UNKNOWN']) {
      assert.equal(statusOfCode(code), 422, code)
    }
    assert.equal(statusOfCode('ERR_CLAIM_OVERLAP'), 409)
    assert.equal(statusOfCode('ERR_STORAGE_FULL'), 507)
  })

  it('have the title of their status, the code, and what the error says', () => {
    const problem = problemOf(new NodeError('the node is stopping', { code: 'ERR_NODE_STOPPED' }), 'urn:uuid:1')
    assert.deepEqual(problem, {
      type: 'about:blank',
      title: 'Service Unavailable',
      status: 503,
      detail: 'the node is stopping',
      instance: 'urn:uuid:1',
      code: 'ERR_NODE_STOPPED',
    })
  })

  it('say nothing of the inside of a node that failed', () => {
    const problem = problemOf(new Error('ENOENT: /secret/place'), 'urn:uuid:2')
    assert.equal(problem.status, 500)
    assert.equal(problem.code, 'ERR_INTERNAL')
    assert.ok(!JSON.stringify(problem).includes('secret'))
  })
})
