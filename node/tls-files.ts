import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { Logger } from 'pino'
import type { Config } from '#config'
import { IdentityError } from './identity-error.ts'

/** How often the files are read again: a renewal has days, and nobody has to tell the node of it. */
const CHECK_MS = 60_000

/** A certificate chain and its key, as PEM texts. */
export type TlsPair = { readonly cert: string; readonly key: string }

/** What the files need. */
export type TlsFilesInit = {
  /** Data directory: files are relative to it. */
  readonly dir: string
  readonly api: Pick<Config['api'], 'tlsCertFile' | 'tlsKeyFile'>
  readonly log: Logger
  /** @default CHECK_MS */
  readonly checkMs?: number
}

/**
 * The certificate of the API, from its two files. They are read again each minute, so that a renewal needs neither a restart
 * nor a signal; what cannot be used leaves the certificate that is shown as it is, and is told.
 */
export class TlsFiles {
  readonly #init: TlsFilesInit
  #pair: TlsPair
  #problem: string | undefined
  #renew: ((pair: TlsPair) => void) | undefined
  #timer: NodeJS.Timeout | undefined
  #work: Promise<void> = Promise.resolve()

  private constructor(init: TlsFilesInit, pair: TlsPair) {
    this.#init = init
    this.#pair = pair
  }

  /**
   * Reads the files of a configuration; `undefined` if it has none.
   *
   * @throws {IdentityError} ERR_DIR_FILE when one is missing, cannot be read, or does not fit the other.
   */
  static async open(init: TlsFilesInit): Promise<TlsFiles | undefined> {
    const { tlsCertFile, tlsKeyFile } = init.api
    if (tlsCertFile === undefined && tlsKeyFile === undefined) return undefined
    return new TlsFiles(init, await readPair(init))
  }

  /** What is shown. */
  get pair(): TlsPair {
    return this.#pair
  }

  /** Why the files are not what is shown; `undefined` while they are. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** Begins to read the files again; `renew` gets each certificate that takes the place of the one before. */
  start(renew: (pair: TlsPair) => void): void {
    this.#renew = renew
    this.#await()
  }

  async stop(): Promise<void> {
    this.#renew = undefined
    clearTimeout(this.#timer)
    await this.#work
  }

  #await(): void {
    this.#timer = setTimeout(() => {
      this.#work = this.check().finally(() => {
        if (this.#renew !== undefined) this.#await()
      })
    }, this.#init.checkMs ?? CHECK_MS)
  }

  /** Reads the files now; never throws. */
  async check(): Promise<void> {
    const { log } = this.#init
    try {
      const pair = await readPair(this.#init)
      if (pair.cert !== this.#pair.cert || pair.key !== this.#pair.key) {
        this.#renew?.(pair)
        this.#pair = pair
        log.info('certificate renewed')
      } else if (this.#problem !== undefined) log.info('certificate is that of its files again')
      this.#problem = undefined
    } catch (cause) {
      const problem = cause instanceof Error ? cause.message : 'not read'
      // Told once, and again when it is another: each minute would hide the rest of the log.
      if (problem !== this.#problem) log.error({ err: cause }, 'certificate not renewed: the one before is shown')
      this.#problem = problem
    }
  }
}

async function readPair({ dir, api: { tlsCertFile, tlsKeyFile } }: TlsFilesInit): Promise<TlsPair> {
  const [cert, key] = await Promise.all([
    readPem(dir, 'api.tlsCertFile', tlsCertFile),
    readPem(dir, 'api.tlsKeyFile', tlsKeyFile),
  ])
  try {
    createSecureContext({ cert, key })
    // An empty file, and a key of another kind than the certificate's, are taken there: then nobody could connect.
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) throw new Error('the key is another one')
  } catch (cause) {
    const why = `${tlsCertFile} and ${tlsKeyFile} are no certificate and its key: expected PEM files that fit together`
    throw new IdentityError(why, { code: 'ERR_DIR_FILE', path: tlsCertFile ?? '' }, { cause })
  }
  return { cert, key }
}

async function readPem(dir: string, name: string, file: string | undefined): Promise<string> {
  if (file === undefined) {
    const why = `${name} is not set: TLS takes both api.tlsCertFile and api.tlsKeyFile`
    throw new IdentityError(why, { code: 'ERR_DIR_FILE', path: name })
  }
  const path = isAbsolute(file) ? file : join(dir, file)
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new IdentityError(`${name}: cannot read ${path}`, { code: 'ERR_DIR_FILE', path }, { cause })
  }
}
