import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { API_SCOPES } from '#api'
import type { ApiScope } from '#api'
import { parseDuration, parseEnd } from '../duration-option.ts'
import { examples } from '../examples.ts'
import { addOperatorOptions } from '../operator.ts'
import type { OperatorOptions } from '../operator.ts'
import type { CreateKeyOptions, RotateKeyOptions } from '../run/keys.ts'
import type { Terminal } from '../terminal.ts'

/** `kwitness key`: API keys of accounts, for the operator of a node. */
export function registerKey(program: Command, terminal: Terminal): void {
  const key = program
    .command('key')
    .description('make, list, rotate and revoke API keys; a secret is shown once, and every change counts at once')
    .addHelpText(
      'after',
      examples([
        'kwitness key create acme --scopes bills:write,bills:read --label "meter room" --out acme.key',
        'kwitness key list acme',
        'kwitness key rotate 0123456789ab --grace 24h',
        'kwitness key revoke 0123456789ab',
      ]),
    )
  registerCreate(key, terminal)
  addOperatorOptions(
    key.command('list').description('keys, ended ones too').argument('[account]', 'keys of this account alone'),
  )
    .addHelpText('after', examples(['kwitness key list', 'kwitness key list acme --json']))
    .action(async (account: string | undefined, options: OperatorOptions) => {
      const { listKeys } = await import('../run/keys.ts')
      await listKeys(terminal, account, options)
    })
  registerRotate(key, terminal)
  addOperatorOptions(key.command('revoke').description('end a key at once').argument('<id>', 'the part after kw_'))
    .addHelpText('after', examples(['kwitness key revoke 0123456789ab']))
    .action(async (id: string, options: OperatorOptions) => {
      const { revokeKey } = await import('../run/keys.ts')
      await revokeKey(terminal, id, options)
    })
}

function registerCreate(key: Command, terminal: Terminal): void {
  const command = key
    .command('create')
    .description('make a key for an account')
    .argument('<account>', 'whose key it is')
    .requiredOption('--scopes <list>', `what it may do: ${API_SCOPES.join(', ')}`, parseScopes)
    .option('--label <text>', 'your note: which program or person has it')
    .option('--expires <when>', 'when it ends: 90d, 2027-01-31 (default: when it is revoked)', (text) => parseEnd(text))
    .option('--out <file>', 'write the key to a new file instead of showing it')
  addOperatorOptions(command)
    .addHelpText(
      'after',
      examples([
        'kwitness key create acme --scopes bills:write,bills:read --out acme.key',
        'kwitness key create operator --scopes admin --expires 90d --out admin.key',
      ]),
    )
    .action(async (account: string, options: CreateKeyOptions) => {
      const { createKey } = await import('../run/keys.ts')
      await createKey(terminal, account, options)
    })
}

function registerRotate(key: Command, terminal: Terminal): void {
  const command = key
    .command('rotate')
    .description('follow a key by a new one with the same rights and the same time to live')
    .argument('<id>', 'the part after kw_')
    .option(
      '--grace <time>',
      'how long the old key stays valid beside it, at most 30d (default: not at all)',
      parseDuration,
    )
    .option('--out <file>', 'write the new key to a new file instead of showing it')
  addOperatorOptions(command)
    .addHelpText('after', examples(['kwitness key rotate 0123456789ab --grace 24h --out acme-2.key']))
    .action(async (id: string, options: RotateKeyOptions) => {
      const { rotateKey } = await import('../run/keys.ts')
      await rotateKey(terminal, id, options)
    })
}

function parseScopes(text: string): ApiScope[] {
  const names = text.split(',').map((name) => name.trim())
  const scopes = API_SCOPES.filter((scope) => names.includes(scope))
  if (scopes.length === new Set(names).size) return scopes
  throw new InvalidArgumentError(`expected some of ${API_SCOPES.join(',')}`)
}
