import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import type { BillState } from '#api'
import { addClientOptions } from '../client.ts'
import { parseDuration } from '../duration-option.ts'
import { examples } from '../examples.ts'
import type { AddWebhookOptions, RotateWebhookOptions, WebhookOptions } from '../run/webhooks.ts'
import type { Terminal } from '../terminal.ts'

const STATES: readonly BillState[] = [
  'received',
  'proposed',
  'certified',
  'anchored',
  'final',
  'rejected',
  'needs-review',
]

/** `kwitness webhook`: where the events of one's own account are posted to. */
export function registerWebhook(program: Command, terminal: Terminal): void {
  const webhook = program
    .command('webhook')
    .description("have changes of your account's bills posted to a URL, signed")
    .addHelpText(
      'after',
      examples([
        'kwitness webhook add https://example.com/kwitness --key-file my.key --out hook.secret',
        'kwitness webhook ping wh_0011223344556677 --key-file my.key',
        'kwitness webhook list --key-file my.key',
        'kwitness webhook rotate wh_0011223344556677 --grace 24h --key-file my.key --out hook-2.secret',
        'kwitness webhook remove wh_0011223344556677 --key-file my.key',
      ]),
    )
  registerAdd(webhook, terminal)
  registerRotate(webhook, terminal)
  addClientOptions(webhook.command('list').description('your webhooks, and how their last delivery went'))
    .option('--json', 'one line of JSON: {webhooks}')
    .action(async (options: WebhookOptions) => {
      const { listWebhooks } = await import('../run/webhooks.ts')
      await listWebhooks(terminal, options)
    })
  addClientOptions(webhook.command('remove').description('remove a webhook and its secret').argument('<id>', 'wh_…'))
    .option('--json', 'one line of JSON')
    .action(async (id: string, options: WebhookOptions) => {
      const { removeWebhook } = await import('../run/webhooks.ts')
      await removeWebhook(terminal, id, options)
    })
  addClientOptions(
    webhook
      .command('ping')
      .description('post a ping now; one that is answered with 2xx switches a webhook on again')
      .argument('<id>', 'wh_…'),
  )
    .option('--json', 'one line of JSON')
    .action(async (id: string, options: WebhookOptions) => {
      const { pingWebhook } = await import('../run/webhooks.ts')
      await pingWebhook(terminal, id, options)
    })
}

function registerAdd(webhook: Command, terminal: Terminal): void {
  const command = webhook
    .command('add')
    .description('post events from now on; the secret that verifies them is shown this once')
    .argument('<url>', 'https, on the public internet')
    .option('--states <list>', `states that are told, of ${STATES.join(', ')} (default: all)`, parseStates)
    .option('--out <file>', 'write the secret to a new file instead of showing it')
  addClientOptions(command)
    .option('--json', 'one line of JSON')
    .addHelpText(
      'after',
      examples(['kwitness webhook add https://example.com/kwitness --states certified,rejected --key-file my.key']),
    )
    .action(async (url: string, options: AddWebhookOptions) => {
      const { addWebhook } = await import('../run/webhooks.ts')
      await addWebhook(terminal, url, options)
    })
}

function registerRotate(webhook: Command, terminal: Terminal): void {
  const command = webhook
    .command('rotate')
    .description('give a webhook a new secret, shown this once; posts are signed with both for a while')
    .argument('<id>', 'wh_…')
    .option(
      '--grace <time>',
      'how long the old secret signs too, at most 7d; 0m for none (default: 24h)',
      parseDuration,
    )
    .option('--out <file>', 'write the secret to a new file instead of showing it')
  addClientOptions(command)
    .option('--json', 'one line of JSON')
    .addHelpText(
      'after',
      examples(['kwitness webhook rotate wh_0011223344556677 --grace 2d --key-file my.key --out hook-2.secret']),
    )
    .action(async (id: string, options: RotateWebhookOptions) => {
      const { rotateWebhook } = await import('../run/webhooks.ts')
      await rotateWebhook(terminal, id, options)
    })
}

function parseStates(text: string): BillState[] {
  return text.split(',').map((name) => {
    const state = STATES.find((known) => known === name.trim())
    if (state === undefined) throw new InvalidArgumentError(`"${name}" is none of ${STATES.join(', ')}`)
    return state
  })
}
