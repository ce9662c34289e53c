import type { Command } from 'commander'
import { examples } from '../examples.ts'
import { parseCount } from '../number-option.ts'
import { addOperatorOptions } from '../operator.ts'
import type { AuditLogOptions } from '../run/audit-log.ts'
import type { Terminal } from '../terminal.ts'

/** `kwitness audit-log`: who did what with accounts, keys and sealed bills. */
export function registerAuditLog(program: Command, terminal: Terminal): void {
  const command = program
    .command('audit-log')
    .description('who did what with accounts, keys and sealed bills, the oldest entry first')
    .option('--after <number>', 'entries behind this one', parseCount)
    .option('--limit <count>', 'most entries (default: all that are kept)', parseCount)
  addOperatorOptions(command)
    .addHelpText('after', examples(['kwitness audit-log', 'kwitness audit-log --after 1200 --json']))
    .action(async (options: AuditLogOptions) => {
      const { showAuditLog } = await import('../run/audit-log.ts')
      await showAuditLog(terminal, options)
    })
}
