import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

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

/** Opens a page in a browser without a window, with a profile of its own, that asks nobody but this machine. */
export async function openPage(command: string, url: string): Promise<OpenPage> {
  const profile = await mkdtemp(join(tmpdir(), 'kwitness-chromium-'))
  const child = spawn(
    command,
    [
      '--headless=new',
      // Root, as in most containers, has no sandbox; the only page is ours.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
      // Without a debugger it would open the page and end; one at a pipe ends it with this process, however that ends.
      '--remote-debugging-pipe',
      `--user-data-dir=${profile}`,
      url,
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
  )
  const ended = once(child, 'exit')
  return {
    async close() {
      child.kill('SIGTERM')
      await ended
      // Its other processes end a moment after the first, and write until then.
      await rm(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
    },
  }
}
