import { spawnSync } from 'node:child_process'

/** Version of the `age` command line on the PATH; undefined without one. */
export function findAge(): string | undefined {
  const found = spawnSync('age', ['--version'], { encoding: 'utf8' })
  return found.status === 0 ? found.stdout.trim() : undefined
}

/** Runs `age` or `age-keygen`. @throws when it fails, with what it wrote. */
export function runAge(program: 'age' | 'age-keygen', args: readonly string[], input?: Uint8Array): Uint8Array {
  // It may refuse before it has read its input: the broken pipe is no failure of its own.
  const ended = spawnSync(program, args, { maxBuffer: 64 * 1024 * 1024, ...(input === undefined ? {} : { input }) })
  if (ended.status !== 0) throw new Error(`${program}: ${ended.stderr.toString()}`)
  return new Uint8Array(ended.stdout)
}

/** A key pair that `age-keygen` made at `path`. */
export function makeAgeKey(path: string): { readonly file: string; readonly recipient: string } {
  runAge('age-keygen', ['-o', path])
  return {
    file: path,
    recipient: Buffer.from(runAge('age-keygen', ['-y', path]))
      .toString('utf8')
      .trim(),
  }
}
