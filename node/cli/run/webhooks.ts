import type { BillState, Webhook } from '#api'
import { printable } from '../bill-lines.ts'
import { createClient } from '../client.ts'
import type { ClientOptions } from '../client.ts'
import { keepSecret } from '../secret-file.ts'
import { tableLines } from '../table.ts'
import type { TableRow } from '../table.ts'
import type { Terminal } from '../terminal.ts'

/** Options of `kwitness webhook`. */
export type WebhookOptions = ClientOptions & { readonly json?: boolean }

/** Options of `kwitness webhook add`. */
export type AddWebhookOptions = WebhookOptions & { readonly states?: readonly BillState[]; readonly out?: string }

/** Options of `kwitness webhook rotate`. */
export type RotateWebhookOptions = WebhookOptions & {
  /** In ms. */
  readonly grace?: number
  readonly out?: string
}

/** `kwitness webhook add`. */
export async function addWebhook(terminal: Terminal, url: string, options: AddWebhookOptions): Promise<void> {
  const { states } = options
  const client = await createClient(terminal, options)
  await handSecret(
    terminal,
    options,
    async () => client.createWebhook({ url, ...(states === undefined ? {} : { states }) }),
    (webhook) => `${printable(webhook.id)} posts to ${printable(webhook.url)} from now on`,
  )
}

/** `kwitness webhook rotate`. */
export async function rotateWebhook(terminal: Terminal, id: string, options: RotateWebhookOptions): Promise<void> {
  const client = await createClient(terminal, options)
  await handSecret(
    terminal,
    options,
    async () => client.rotateWebhook(id, options.grace),
    ({ oldSecretUntil }) =>
      oldSecretUntil === undefined
        ? `${printable(id)} has a new secret, and the old one is over`
        : `${printable(id)} has a new secret; the old one signs too until ${printable(oldSecretUntil)}`,
  )
}

async function handSecret(
  terminal: Terminal,
  options: WebhookOptions & { readonly out?: string },
  make: () => Promise<Webhook & { readonly secret: string }>,
  say: (webhook: Webhook) => string,
): Promise<void> {
  const { out } = options
  const { secret, ...webhook } = await keepSecret(out, make, (made) => `${made.secret}\n`)
  if (options.json === true) {
    terminal.json({ webhook, ...(out === undefined ? { secret } : { output: out }) })
    return
  }
  terminal.note(say(webhook))
  if (out !== undefined) {
    terminal.line(out)
    return
  }
  // Alone on standard output: SECRET=$(kwitness webhook add …) has the secret and nothing else.
  terminal.line(printable(secret))
  terminal.note('The secret is shown this once. Next: kwitness webhook ping, and docs/webhooks.md to verify posts.')
}

/** `kwitness webhook list`. */
export async function listWebhooks(terminal: Terminal, options: WebhookOptions): Promise<void> {
  const webhooks = await (await createClient(terminal, options)).listWebhooks()
  if (options.json === true) terminal.json({ webhooks })
  else if (webhooks.length === 0) terminal.line('no webhooks')
  else tableLines(webhooks.map((webhook) => webhookRow(terminal, webhook))).forEach((line) => terminal.line(line))
}

/** `kwitness webhook remove`. */
export async function removeWebhook(terminal: Terminal, id: string, options: WebhookOptions): Promise<void> {
  await (await createClient(terminal, options)).removeWebhook(id)
  if (options.json === true) terminal.json({ removed: id })
  else terminal.line(`webhook ${printable(id)} and its secret are removed`)
}

/** `kwitness webhook ping`: exit code 1 when the endpoint did not answer with 2xx. */
export async function pingWebhook(terminal: Terminal, id: string, options: WebhookOptions): Promise<void> {
  const outcome = await (await createClient(terminal, options)).pingWebhook(id)
  if (!outcome.ok) terminal.exitCode = 1
  if (options.json === true) terminal.json(outcome)
  else if (outcome.ok) terminal.line(`answered ${outcome.status ?? ''}`.trimEnd())
  else terminal.line(printable(outcome.error ?? 'not delivered'))
}

function webhookRow(terminal: Terminal, webhook: Webhook): TableRow {
  const { id, url, states, waiting } = webhook
  return [
    printable(id),
    stateOf(terminal, webhook),
    `${waiting} waiting`,
    states.length === 0 ? 'all states' : states.map(printable).join(','),
    printable(url),
  ]
}

function stateOf(
  terminal: Terminal,
  { disabledAt, failures, nextAt, last }: Webhook,
): { text: string; paint: (text: string) => string } {
  const paint =
    (style: 'red' | 'yellow' | 'green'): ((text: string) => string) =>
    (text) =>
      terminal.paint(style, text)
  const why = last?.error === undefined ? '' : `: ${printable(last.error)}`
  if (disabledAt !== undefined) return { text: `switched off${why}`, paint: paint('red') }
  if (failures === 0) return { text: 'well', paint: paint('green') }
  const next = nextAt === undefined ? '' : `, again at ${printable(nextAt)}`
  return { text: `failing${why}${next}`, paint: paint('yellow') }
}
