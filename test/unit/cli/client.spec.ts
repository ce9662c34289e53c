import assert from 'node:assert/strict'
import { ClientError } from '#client'
import type { ClientFailure } from '#client'
import { toError, urlOfListener } from '../../../node/cli/client.ts'

describe('the client of the command line', () => {
  it('reaches a listener of this machine by its configuration', () => {
    const cases = [
      [{ host: '127.0.0.1', port: 4480 }, 'http://127.0.0.1:4480'],
      [{ host: '0.0.0.0', port: 1 }, 'http://127.0.0.1:1'],
      [{ host: '::', port: 1 }, 'http://127.0.0.1:1'],
      [{ host: '::1', port: 1 }, 'http://[::1]:1'],
      [{ host: 'auditor.example', port: 443, tlsCertFile: 'cert.pem' }, 'https://auditor.example:443'],
    ] as const
    for (const [listener, url] of cases) assert.equal(urlOfListener(listener), url)
  })

  it('tells failures in its own words, and a refusal of the node by its code', () => {
    const url = 'http://node.test'
    const cases: readonly (readonly [ClientFailure, object])[] = [
      [
        { kind: 'refused', code: 'ERR_CLAIM_OVERLAP', url, status: 409 },
        { code: 'ERR_CLI_REFUSED', details: { remote: 'ERR_CLAIM_OVERLAP', status: 409 } },
      ],
      [
        { kind: 'refused', url, status: 502 },
        { code: 'ERR_CLI_ANSWER', details: { url } },
      ],
      [
        { kind: 'answer', url },
        { code: 'ERR_CLI_ANSWER', details: { url } },
      ],
      [
        { kind: 'unreachable', url },
        { code: 'ERR_CLI_UNREACHABLE', details: { url } },
      ],
      [
        { kind: 'timeout', url },
        { code: 'ERR_CLI_UNREACHABLE', details: { url } },
      ],
      [
        { kind: 'request', url },
        { code: 'ERR_CLI_USAGE', details: {} },
      ],
    ]
    for (const [failure, expected] of cases) {
      const { code, details, message } = toError(new ClientError('what\u{1B}[2J happened', failure))
      assert.deepEqual({ code, details }, expected)
      // It goes to a terminal, and comes from whoever answers there.
      assert.ok(!message.includes('\u{1B}'))
    }
  })
})
