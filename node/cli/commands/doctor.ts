import type { Command } from 'commander'
import type { Diagnosis } from '../doctor/diagnosis.ts'
import { examples } from '../examples.ts'
import type { Terminal } from '../terminal.ts'
import { printable } from '../bill-lines.ts'
import { wrap, wrapIndented } from '../wrap.ts'
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
      const { diagnose } = await import('../doctor/diagnose.ts')
      const checks = await diagnose(options.dir ?? defaultDir(terminal), terminal)
      const ok = checks.every((check) => check.ok)
      if (!ok) terminal.exitCode = 1
      if (options.json === true) terminal.json({ ok, checks })
      else checks.forEach((check) => print(terminal, check))
    })
}

/** How a check is marked, and in which colour. */
function markOf({ ok, skipped, warning }: Diagnosis): readonly ['red' | 'gray' | 'yellow' | 'green', string] {
  if (!ok) return ['red', 'FAILED']
  if (skipped === true) return ['gray', '-']
  return warning === true ? ['yellow', 'look'] : ['green', 'ok']
}

function print(terminal: Terminal, check: Diagnosis): void {
  const [style, mark] = markOf(check)
  // Laid out before it is painted: colours have no width.
  const [first = '', ...more] = wrap(`${mark} ${check.name}: ${printable(check.detail)}`, terminal.width)
  terminal.line(`${terminal.paint(style, mark)}${first.slice(mark.length)}`)
  more.forEach((line) => terminal.line(`   ${line}`))
  if (check.fix === undefined) return
  wrapIndented(printable(check.fix), terminal.width, 3).forEach((line) => terminal.line(terminal.paint('bold', line)))
}
