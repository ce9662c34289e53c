import type { Command } from 'commander'
import { parseBytes } from '../duration-option.ts'
import { examples } from '../examples.ts'
import { parseCount } from '../number-option.ts'
import { addOperatorOptions } from '../operator.ts'
import type { OperatorOptions } from '../operator.ts'
import type { AddAccountOptions, CloseAccountOptions, QuotaOptions } from '../run/accounts.ts'
import type { Terminal } from '../terminal.ts'

/** `kwitness account`: users of a node, for its operator. */
export function registerAccount(program: Command, terminal: Terminal): void {
  const account = program
    .command('account')
    .description(
      'sign up, list, show, limit and close the accounts of a node; works while it runs and while it does not',
    )
    .addHelpText(
      'after',
      examples([
        'kwitness account add acme --name "Acme Inc." --bills-per-day 1000 --stored-bytes 2GB',
        'kwitness account list --json',
        'kwitness account show acme',
        'kwitness account quota acme --bills-per-day 5000',
        'kwitness account close acme',
      ]),
    )
  registerAdd(account, terminal)
  addOperatorOptions(account.command('list').description('all accounts with quota and usage, closed ones too'))
    .addHelpText('after', examples(['kwitness account list', 'kwitness account list --json']))
    .action(async (options: OperatorOptions) => {
      const { listAccounts } = await import('../run/accounts.ts')
      await listAccounts(terminal, options)
    })
  addOperatorOptions(account.command('show').description('one account with its keys').argument('<id>', 'the account'))
    .addHelpText('after', examples(['kwitness account show acme']))
    .action(async (id: string, options: OperatorOptions) => {
      const { showAccount } = await import('../run/accounts.ts')
      await showAccount(terminal, id, options)
    })
  registerQuota(account, terminal)
  registerClose(account, terminal)
}

function registerAdd(account: Command, terminal: Terminal): void {
  const command = account
    .command('add')
    .description('sign up an account; make keys for it with kwitness key create')
    .argument('<id>', 'a-z, 0-9, dot, hyphen and underscore; never given again')
    .option('--name <name>', 'your note: who it is')
    .option('--recipient <recipient>', 'age recipient (age1…) of its sealed bills; without it a key pair is made')
    .option('--identity-out <file>', 'write the secret half of that pair to a new file instead of showing it')
    .option('--bills-per-day <count>', 'bills that it may hand in each UTC day (default: no limit)', parseCount)
    .option('--stored-bytes <size>', 'bytes of its bills that are kept, such as 2GB (default: no limit)', parseBytes)
  addOperatorOptions(command)
    .addHelpText(
      'after',
      examples([
        'kwitness account add acme --identity-out acme.age-key',
        'kwitness account add acme --recipient age1… --bills-per-day 1000',
      ]),
    )
    .action(async (id: string, options: AddAccountOptions) => {
      const { addAccount } = await import('../run/accounts.ts')
      await addAccount(terminal, id, options)
    })
}

function registerQuota(account: Command, terminal: Terminal): void {
  const command = account
    .command('quota')
    .description('change what an account may use; what is not named stays as it is')
    .argument('<id>', 'the account')
    .option(
      '--bills-per-day <count>',
      'bills that it may hand in each UTC day, or none for no limit',
      orNone(parseCount),
    )
    .option('--stored-bytes <size>', 'bytes that are kept, such as 2GB, or none for no limit', orNone(parseBytes))
  addOperatorOptions(command)
    .addHelpText(
      'after',
      examples(['kwitness account quota acme --bills-per-day 5000', 'kwitness account quota acme --stored-bytes none']),
    )
    .action(async (id: string, options: QuotaOptions) => {
      const { changeQuota } = await import('../run/accounts.ts')
      await changeQuota(terminal, id, options)
    })
}

function orNone(parse: (text: string) => number): (text: string) => number | 'none' {
  return (text) => (text === 'none' ? 'none' : parse(text))
}

function registerClose(account: Command, terminal: Terminal): void {
  const command = account
    .command('close')
    .description('revoke the keys of an account and destroy its sealed bills for good; certified claims stay certified')
    .argument('<id>', 'the account')
    .option('--yes', 'do not ask')
  addOperatorOptions(command)
    .addHelpText('after', examples(['kwitness account close acme', 'kwitness account close acme --yes --json']))
    .action(async (id: string, options: CloseAccountOptions) => {
      const { closeAccount } = await import('../run/accounts.ts')
      await closeAccount(terminal, id, options)
    })
}
