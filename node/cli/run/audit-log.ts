import type { AuditEntry } from '#api'
import { printable } from '../bill-lines.ts'
import { asOperator } from '../operator.ts'
import type { OperatorOptions } from '../operator.ts'
import { tableLines } from '../table.ts'
import type { Terminal } from '../terminal.ts'

/** Options of `kwitness audit-log`. */
export type AuditLogOptions = OperatorOptions & { readonly after?: number; readonly limit?: number }

/** Entries of one question: what a node answers at a time. */
const PAGE = 1_000

/** Runs the command; with `--json` one line for each entry, so that a log of any length can be read as it comes. */
export async function showAuditLog(terminal: Terminal, options: AuditLogOptions): Promise<void> {
  const { after = 0, limit = Infinity } = options
  await asOperator(terminal, options, async (operator) => {
    let [seq, left] = [after, limit]
    while (left > 0) {
      const entries = await operator.listAudit(seq, Math.min(left, PAGE))
      if (options.json === true) for (const entry of entries) terminal.json(entry)
      else tableLines(entries.map(rowOf)).forEach((line) => terminal.line(line))
      const last = entries.at(-1)
      if (last === undefined) return
      seq = last.seq
      left -= entries.length
    }
  })
}

function rowOf({ seq, at, actor, action, subject }: AuditEntry): string[] {
  return [String(seq), at, actor, action, printable(subject)]
}
