#!/usr/bin/env -S node --max-semi-space-size=4
// The flag keeps an idle auditor below 250 MB: V8 would else take 100 MB more for new objects alone.
// Plain JavaScript of the oldest module syntax: it must run on a Node that cannot read the TypeScript behind it, and say so.
import module from 'node:module'
import process from 'node:process'

const [major = 0] = process.versions.node.split('.').map(Number)

if (major < 24) {
  process.stderr.write(
    `error: kWitness needs Node 24 or later, this is ${process.version}; the install brings it along: ` +
      'run npx kwitness, or node_modules/.bin/node node/main.js (ERR_CLI_RUNTIME)\n',
  )
  process.exitCode = 2
} else {
  // Compiled code is kept between runs: eight auditors start at once.
  module.enableCompileCache()
  const { main } = await import('./cli/main.ts')
  await main()
}
