import assert from 'node:assert/strict'
import { formatSecret, SECRET_BYTES, signWebhook } from '../../../node/service/webhook-signature.ts'

describe('signature of a webhook', () => {
  // The vector of the reference libraries of Standard Webhooks, which all have it.
  const secret = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64')
  const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek'

  it('is that of the reference libraries', () => {
    const signature = signWebhook([secret], id, 1_614_265_330, '{"test": 2432232314}')
    assert.equal(signature, 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })

  it('is another one for another id, time, body or secret', () => {
    const all = [
      signWebhook([secret], id, 1, '{}'),
      signWebhook([secret], `${id}x`, 1, '{}'),
      signWebhook([secret], id, 2, '{}'),
      signWebhook([secret], id, 1, '{} '),
      signWebhook([new Uint8Array(SECRET_BYTES)], id, 1, '{}'),
    ]
    assert.equal(new Set(all).size, all.length)
  })

  it('is one for each secret, with a blank between, as the specification has them while a secret is rotated', () => {
    const other = new Uint8Array(SECRET_BYTES)
    const both = signWebhook([secret, other], id, 1, '{}')
    assert.equal(both, `${signWebhook([secret], id, 1, '{}')} ${signWebhook([other], id, 1, '{}')}`)
  })

  it('has a secret of the length and in the form that the specification asks for', () => {
    assert.ok(SECRET_BYTES >= 24 && SECRET_BYTES <= 64)
    assert.equal(formatSecret(secret), 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
  })
})
