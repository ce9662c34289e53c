import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** A browser with one page open. */
export type OpenPage = {
  /** Ends the browser and removes its profile. */
  close(): Promise<void>
}

/** The command of a Chromium on the path; `undefined` where there is none. */
export function findChromium(): string | undefined {
  return ['chromium', 'chromium-browser', 'google-chrome'].find(
    (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0,
  )
}

/** Flags for pages of this machine alone, without a window, with a profile of their own. */
function flagsOf(profile: string): string[] {
  return [
    '--headless=new',
    // Root, as in most containers, has no sandbox; the pages are ours.
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
    `--user-data-dir=${profile}`,
  ]
}

async function makeProfile(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'kwitness-chromium-'))
}

/** Other processes of the browser end a moment after the first, and write until then. */
async function removeProfile(profile: string): Promise<void> {
  await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
}

/** Opens a page, and leaves it open. */
export async function openPage(command: string, url: string): Promise<OpenPage> {
  const profile = await makeProfile()
  // Without a debugger it would open the page and end; one at a pipe ends it with this process, however that ends.
  const child = spawn(command, [...flagsOf(profile), '--remote-debugging-pipe', url], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit')
  return {
    async close() {
      child.kill('SIGTERM')
      await ended
      await removeProfile(profile)
    },
  }
}

/** The elements of a page when its scripts have run, as HTML. @param budgetMs of the page's own clock */
export async function readPage(command: string, url: string, budgetMs = 10_000): Promise<string> {
  const profile = await makeProfile()
  try {
    const flags = [...flagsOf(profile), `--virtual-time-budget=${budgetMs}`, '--dump-dom', url]
    const { stdout } = await promisify(execFile)(command, flags, { maxBuffer: 64 * 1024 * 1024 })
    return stdout
  } finally {
    await removeProfile(profile)
  }
}
