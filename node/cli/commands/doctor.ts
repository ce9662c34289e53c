import type { Command } from 'commander'
import type { Diagnosis } from '../diagnosis.ts'
import { examples } from '../examples.ts'
import type { Terminal } from '../terminal.ts'
import { defaultDir } from '../default-dir.ts'

/** `kwitness doctor`: what is wrong with a node or its machine, and how to mend it. */
export function registerDoctor(program: Command, terminal: Terminal): void {
  program
    .command('doctor')
    .description('check the machine, the data directory, the chain and the peers; says how to mend what is wrong')
    .option('--dir <dir>', 'the data directory (KWITNESS_DIR) (default: ~/.kwitness)')
    .option('--json', 'one line of JSON: {ok, checks}')
    .addHelpText('after', examples(['kwitness doctor', 'kwitness doctor --dir ./auditor --json']))
    .action(async (options: { readonly dir?: string; readonly json?: boolean }) => {
      const { diagnose } = await import('../diagnose.ts')
      const checks = await diagnose(options.dir ?? defaultDir(terminal), terminal)
      const ok = checks.every((check) => check.ok)
      if (!ok) terminal.exitCode = 1
      if (options.json === true) terminal.json({ ok, checks })
      else checks.forEach((check) => print(terminal, check))
    })
}

function print(terminal: Terminal, { name, ok, detail, fix, skipped }: Diagnosis): void {
  const mark =
    skipped === true
      ? terminal.paint('gray', '-')
      : ok
        ? terminal.paint('green', 'ok')
        : terminal.paint('red', 'FAILED')
  terminal.line(`${mark} ${name}: ${detail}`)
  if (!ok && fix !== undefined) terminal.line(`   ${fix}`)
}
