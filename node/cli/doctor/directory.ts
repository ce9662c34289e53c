import { stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import process from 'node:process'
import type { Config } from '#config'
import { DATA_FILES } from '../../data-files.ts'
import { examine } from './diagnosis.ts'
import type { Diagnosis } from './diagnosis.ts'

/** Rights of others than the owner. */
const OTHERS = 0o077
/** Files that open something, wherever the data directory stands. */
const SECRETS = [
  DATA_FILES.auditorKey,
  DATA_FILES.payerKey,
  DATA_FILES.passphrase,
  DATA_FILES.regionKeys,
  DATA_FILES.clientKey,
  DATA_FILES.memberKey,
] as const

/** Whether a data directory is there and its owner's alone. */
export async function checkDirectory(dir: string): Promise<Diagnosis> {
  const fix = `make it with kwitness init --dir ${dir}, or run chmod 700 ${dir}`
  return examine('data directory', fix, async () => {
    const rights = await rightsOf(dir)
    if (isOpen(rights)) throw new Error(`${dir} has rights ${rights.toString(8)}: others can read it`)
    return dir
  })
}

/** Whether nobody else reads the files with secrets, those that the configuration names elsewhere included. */
export async function checkSecrets(dir: string, config: Config): Promise<Diagnosis> {
  const named = [config.passphraseFile, config.api.tlsKeyFile].filter((file) => file !== undefined)
  const files = [...new Set([...SECRETS, ...named])].map((file) => (isAbsolute(file) ? file : join(dir, file)))
  return examine(
    'rights of files',
    'run chmod 600 on them; who else could read them has them: make new keys',
    async () => {
      const open: string[] = []
      for (const file of files) {
        const rights = await rightsOf(file).catch(() => 0)
        if (isOpen(rights)) open.push(`${file} (${rights.toString(8)})`)
      }
      if (open.length > 0) throw new Error(`others can read ${open.join(', ')}`)
      return 'secrets are read by their owner alone'
    },
  )
}

async function rightsOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777
}

// Windows has no such rights; there the user's profile guards the directory.
function isOpen(rights: number): boolean {
  return process.platform !== 'win32' && (rights & OTHERS) !== 0
}
