import { Command } from 'commander'
import { registerAccount } from './commands/account.ts'
import { registerAuditLog } from './commands/audit-log.ts'
import { registerBill } from './commands/bill.ts'
import { registerBills } from './commands/bills.ts'
import { registerDatasets } from './commands/datasets.ts'
import { registerDevnet } from './commands/devnet.ts'
import { registerDisclose } from './commands/disclose.ts'
import { registerDoctor } from './commands/doctor.ts'
import { registerEstimate } from './commands/estimate.ts'
import { registerExplain } from './commands/explain.ts'
import { registerExtract } from './commands/extract.ts'
import { registerFactors } from './commands/factors.ts'
import { registerInit } from './commands/init.ts'
import { registerKey } from './commands/key.ts'
import { registerPeers } from './commands/peers.ts'
import { registerProof } from './commands/proof.ts'
import { registerRegionKeys } from './commands/region-keys.ts'
import { registerReview } from './commands/review.ts'
import { registerStart } from './commands/start.ts'
import { registerStatus } from './commands/status.ts'
import { registerSubmit } from './commands/submit.ts'
import { registerVerify } from './commands/verify.ts'
import { registerWebhook } from './commands/webhook.ts'
import { examples } from './examples.ts'
import type { Terminal } from './terminal.ts'
import { VERSION } from '../version.ts'

/** The whole command line. Failures are thrown, not printed: `run` in `main.ts` prints them in one way. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('kwitness')
    .description('Virtual auditors for utility bills: bill in, certified and anchored emissions out.')
    .version(VERSION, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.line(text.trimEnd()),
      writeErr: (text) => terminal.note(text.trimEnd()),
      outputError: () => undefined,
    })
  registerDevnet(program, terminal)
  registerInit(program, terminal)
  registerRegionKeys(program, terminal)
  registerStart(program, terminal)
  registerSubmit(program, terminal)
  registerStatus(program, terminal)
  registerBills(program, terminal)
  registerBill(program, terminal)
  registerProof(program, terminal)
  registerDisclose(program, terminal)
  registerVerify(program, terminal)
  registerExtract(program, terminal)
  registerExplain(program, terminal)
  registerEstimate(program, terminal)
  registerFactors(program, terminal)
  registerDatasets(program, terminal)
  registerReview(program, terminal)
  registerWebhook(program, terminal)
  registerAccount(program, terminal)
  registerKey(program, terminal)
  registerAuditLog(program, terminal)
  registerPeers(program, terminal)
  registerDoctor(program, terminal)
  return program.addHelpText(
    'after',
    examples(['kwitness devnet', 'kwitness extract june.xml', 'kwitness help submit']),
  )
}
