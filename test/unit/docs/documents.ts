/*
 * The pages of the repository, as their reader takes them: links to follow, commands to type, files to open.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { CommanderError } from 'commander'
import { z } from 'zod'
import { createProgram } from '../../../node/cli/program.ts'
import { Terminal } from '../../../node/cli/terminal.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** Folders of the code that a node runs: those with a door, and the one that knows all the others. */
export const CODE_FOLDERS: readonly string[] = [
  // Two doors may lead into one folder.
  ...new Set(
    Object.values(
      z.object({ imports: z.record(z.string(), z.string()) }).parse(JSON.parse(readRepositoryFile('package.json')))
        .imports,
    ).map((file) => dirname(file).replace(/^\.\//, '')),
  ),
  'node',
]

/** One page: its path from the root of the repository, and its Markdown. */
export type Page = { readonly path: string; readonly text: string }

/** Text of a file of the repository. */
export function readRepositoryFile(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** True if a path from the root of the repository leads to something. */
export function isInRepository(path: string): boolean {
  return existsSync(join(ROOT, path))
}

/** Paths of all files below a folder, from the root of the repository. */
export function listFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length))
}

/** Every page that people read. */
export function readPages(): Page[] {
  const nested = ['docs', 'config', 'datasets', 'samples'].flatMap(listFiles).filter((path) => path.endsWith('.md'))
  return ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', ...nested].map((path) => ({
    path,
    text: readRepositoryFile(path),
  }))
}

/** What is in fenced blocks of a language, line by line; a backslash at the end joins a line with the next. */
export function fencedLines({ text }: Page, language: string): string[] {
  const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
  return blocks
    .filter(([, name]) => name === language)
    .flatMap(([, , body = '']) => body.replaceAll(/\\\n\s*/g, ' ').split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** Lines of code blocks that are made by four blanks. */
export function indentedLines({ text }: Page): string[] {
  return [...withoutFences(text).matchAll(/^ {4}(\S.*)$/gm)].map(([, line = '']) => line)
}

/** What stands between single backticks. */
export function codeSpans({ text }: Page): string[] {
  return [...withoutFences(text).matchAll(/(?<!`)`([^`]+)`(?!`)/g)].map(([, span = '']) => span.replaceAll('\n', ' '))
}

/** Targets of links that stay in the repository, with the page they are on as their base. */
export function localLinks(page: Page): { readonly target: string; readonly path: string; readonly anchor: string }[] {
  return [...withoutFences(page.text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor = ''] = target.split('#')
      return { target, path: path === '' ? page.path : join(dirname(page.path), path), anchor }
    })
}

/** Anchors that a page's headings have on the usual sites. */
export function headingAnchors(text: string): string[] {
  return [...withoutFences(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function withoutFences(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, '')
}

/** Words of the commands of a line, as a shell splits them: quotes join, pipes and `&&` separate, `#` ends. */
export function splitCommands(line: string): string[][] {
  const commands: string[][] = [[]]
  for (const [word] of line.matchAll(/'[^']*'|"[^"]*"|[^\s'"]+/g)) {
    if (word === '#') break
    if (word === '|' || word === '&&') commands.push([])
    else commands.at(-1)?.push(word.replaceAll(/^['"]|['"]$/g, ''))
  }
  return commands
}

/** Arguments that a command hands to `kwitness`; `undefined` if it is for another program. */
export function kwitnessArguments(words: readonly string[], startScript: string): string[] | undefined {
  const [first, second] = words
  if (first === 'kwitness') return words.slice(1)
  if (first === 'npx' && second === 'kwitness') return words.slice(2)
  // The image's entry point is the program; without arguments it has its own.
  if (first === 'docker' && second === 'run') return words.slice(words.lastIndexOf('kwitness') + 1)
  if (first !== 'npm' || second !== 'start') return undefined
  const [, script = ''] = /main\.js (.+)$/.exec(startScript) ?? []
  return [...script.split(' '), ...words.slice(words[2] === '--' ? 3 : 2)]
}

/**
 * Lets the real command line parse arguments, and nothing more: no command runs.
 *
 * @returns why it refuses them; `undefined` if it would run.
 */
export async function refusalOf(args: readonly string[], mayBeShort = false): Promise<string | undefined> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const signal = new AbortController().signal
  const program = createProgram(new Terminal({ stdin, stdout, stderr, environment: {}, signal }))
  for (const command of program.commands) forget(command)
  try {
    await program.parseAsync([...args], { from: 'user' })
    return undefined
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown
    const isShort = ['commander.missingArgument', 'commander.missingMandatoryOptionValue', 'commander.help'].includes(
      thrown.code,
    )
    return thrown.exitCode === 0 || (mayBeShort && isShort) ? undefined : thrown.message
  }
}

function forget(command: Command): void {
  if (command.commands.length === 0) command.action(() => undefined)
  for (const inner of command.commands) forget(inner)
}
