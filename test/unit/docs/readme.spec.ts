import assert from 'node:assert/strict'
import { z } from 'zod'
import {
  CODE_FOLDERS,
  codeSpans,
  fencedLines,
  headingAnchors,
  indentedLines,
  isInRepository,
  kwitnessArguments,
  listFiles,
  localLinks,
  readPages,
  readRepositoryFile,
  refusalOf,
  splitCommands,
} from './documents.ts'

const packages = z.record(z.string(), z.string())
const manifest = z
  .object({
    scripts: packages,
    dependencies: packages,
    devDependencies: packages,
    optionalDependencies: packages,
  })
  .parse(JSON.parse(readRepositoryFile('package.json')))
const tools = z.object({ devDependencies: packages }).parse(JSON.parse(readRepositoryFile('tools/package.json')))

const pages = readPages()
const readme = { path: 'README.md', text: readRepositoryFile('README.md') }

/** Part of the README below a heading of the second level. */
function section(heading: string): string {
  return readme.text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
}

/** Names between backticks in the first column of a part's tables. */
function firstColumn(markdown: string): string[] {
  const cells = [...markdown.matchAll(/^\| (`[^|]+?) *\|/gm)].map(([, cell = '']) => cell)
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))
}

describe('the pages', () => {
  it('have links that lead somewhere, to headings as well', () => {
    let links = 0
    for (const page of pages) {
      for (const { target, path, anchor } of localLinks(page)) {
        links += 1
        assert.ok(isInRepository(path), `${page.path} links to ${target}`)
        const known = anchor === '' || headingAnchors(readRepositoryFile(path)).includes(anchor)
        assert.ok(known, `${page.path} links to ${target}, a heading that is not there`)
      }
    }
    assert.ok(links > 20, `only ${links} links were found: the pattern has lost them`)
  })

  it('show command lines that the command line would run', async () => {
    let shown = 0
    for (const page of pages) {
      for (const line of [...fencedLines(page, 'sh'), ...indentedLines(page)]) {
        for (const words of splitCommands(line)) {
          const args = kwitnessArguments(words, manifest.scripts['start'] ?? '')
          if (args === undefined || (args.length === 0 && words[0] === 'docker')) continue
          shown += 1
          assert.equal(await refusalOf(args), undefined, `${page.path}: ${line}`)
        }
      }
    }
    assert.ok(shown > 15, `only ${shown} command lines were found: the pattern has lost them`)
  })

  it('name commands and options in their sentences that exist', async () => {
    for (const page of pages) {
      for (const span of codeSpans(page)) {
        for (const words of splitCommands(span)) {
          const args = kwitnessArguments(words, manifest.scripts['start'] ?? '')
          // The bare name of the program is no command line, nor is the prefix of a hash.
          if (args === undefined || args.length === 0 || /^kwitness (point|holder) 1$/.test(span)) continue
          assert.equal(await refusalOf(args, true), undefined, `${page.path}: ${span}`)
        }
      }
    }
  })

  it('name npm scripts and benches that exist', () => {
    const builtIn = ['ci', 'run', 'start', 'test']
    for (const page of pages) {
      for (const text of [...fencedLines(page, 'sh'), ...codeSpans(page)]) {
        for (const [first, verb = '', name = '', dashes, bench = ''] of splitCommands(text)) {
          if (first !== 'npm') continue
          assert.ok(builtIn.includes(verb), `${page.path}: ${text}`)
          const script = verb === 'run' ? name : verb
          assert.ok(verb === 'ci' || Object.hasOwn(manifest.scripts, script), `${page.path}: ${text}`)
          if (script === 'bench' && dashes === '--') assert.ok(isInRepository(`bench/${bench}.ts`), text)
        }
      }
    }
  })

  it('name source files that exist', () => {
    const sources = [...CODE_FOLDERS, 'bench', 'test'].flatMap(listFiles)
    for (const page of pages) {
      for (const paragraph of page.text.split(/\n\n+/)) {
        // In the code map names are relative to the folder that the paragraph is about.
        const folders = ['', ...[...paragraph.matchAll(/\*\*([a-z]+\/)\*\*/g)].map(([, folder = '']) => folder)]
        for (const span of codeSpans({ path: page.path, text: paragraph })) {
          if (!/^[\w./-]+\.(?:ts|js|sol)$/.test(span)) continue
          const isThere = span.includes('/')
            ? folders.some((folder) => isInRepository(folder + span))
            : sources.some((path) => path.endsWith(`/${span}`))
          assert.ok(isThere, `${page.path} names ${span}`)
        }
      }
    }
  })
})

describe('the README', () => {
  it('begins with the two commands that CI runs', () => {
    const [start, test] = fencedLines(readme, 'sh')
    assert.deepEqual([start, test], ['npm ci && npm start', 'npm ci && npm test'])
    const ci = readRepositoryFile('.ci/run')
    assert.ok(ci.includes('npm ci && npm test') && ci.includes('npm start -- --once'))
  })

  it('gives a reason for every dependency, and for nothing else', () => {
    const { dependencies, devDependencies, optionalDependencies } = manifest
    const ours = { ...dependencies, ...devDependencies, ...optionalDependencies }
    // What stands in for a package is named by both.
    const all = [...new Set([...Object.keys(ours), ...Object.keys(tools.devDependencies)])]
    assert.deepEqual(firstColumn(section('Dependencies')).toSorted(), all.toSorted())
  })

  it('shows every folder of the code, as the code map does', () => {
    const shown = firstColumn(section('Layout'))
    const map = readRepositoryFile('ARCHITECTURE.md')
    for (const folder of CODE_FOLDERS) {
      assert.ok(shown.includes(`${folder}/`), folder)
      assert.ok(map.includes(`**${folder}/**: `), folder)
    }
  })

  it('leaves nothing open but figures', () => {
    const without = readme.text.replace(/<!-- figures[\s\S]*?<!-- \/figures -->/, '')
    assert.notEqual(without, readme.text)
    assert.doesNotMatch(without, /TBD|TODO/)
  })
})
