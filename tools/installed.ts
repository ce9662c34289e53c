import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const FOLDER = dirname(fileURLToPath(import.meta.url))
const LOCK = join(FOLDER, 'package-lock.json')

/** Folder of the tools' commands, for those that look for each other on the path. */
export const TOOLS_BIN = join(FOLDER, 'node_modules', '.bin')

/** Copy of the lock file that the installed packages are of; npm removes it with the packages. */
const INSTALLED = join(FOLDER, 'node_modules', 'installed-lock.json')

const manifestShape = z.object({ bin: z.union([z.string(), z.record(z.string(), z.string())]) })

/** Names of commands that are not the names of their packages. */
const PACKAGES: Readonly<Record<string, string>> = { tsc: 'typescript' }

/**
 * Installs the tools, if they are missing or their lock file has changed: no test and no auditor needs them, and together
 * they are half as large as all the rest.
 *
 * @throws {Error} when npm fails.
 */
export function ensureTools(): void {
  if (!existsSync(INSTALLED) || !readFileSync(INSTALLED).equals(readFileSync(LOCK))) install()
}

/**
 * File of a command of tools/package.json, to be run by Node; the tools are installed first.
 *
 * @throws {Error} when npm fails, or no tool has the command.
 */
export function toolFile(command: string): string {
  ensureTools()
  const folder = join(FOLDER, 'node_modules', PACKAGES[command] ?? command)
  const { bin } = manifestShape.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')))
  const file = typeof bin === 'string' ? bin : bin[command]
  if (file === undefined) throw new Error(`no command ${command} in ${folder}`)
  return join(folder, file)
}

function install(): void {
  // npm tells its scripts where it is; a shell finds npm on every system else, and there is nothing to quote.
  const npm = process.env['npm_execpath']
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  const { status } =
    npm === undefined
      ? spawnSync(['npm', ...args].join(' '), { cwd: FOLDER, stdio: 'inherit', shell: true })
      : spawnSync(process.execPath, [npm, ...args], { cwd: FOLDER, stdio: 'inherit' })
  if (status !== 0) throw new Error('the tools could not be installed')
  copyFileSync(LOCK, INSTALLED)
}
