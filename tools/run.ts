// Runs a tool on the project: node tools/run.ts COMMAND [ARGUMENT...], in the root folder.
import { spawnSync } from 'node:child_process'
import { delimiter } from 'node:path'
import { TOOLS_BIN, toolFile } from './installed.ts'

const [command = '', ...args] = process.argv.slice(2)
const file = toolFile(command)
// oxlint looks for its linter with types among the root's packages and on the path.
process.env['PATH'] = [TOOLS_BIN, process.env['PATH']].join(delimiter)
const { status } = spawnSync(process.execPath, [file, ...args], { stdio: 'inherit' })
process.exitCode = status ?? 1
