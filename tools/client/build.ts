// Writes the client for browsers into a folder: `npm run client:build -- FOLDER`.
import { resolve } from 'node:path'
import { writeBrowserPackage } from './browser-package.ts'

const [folder] = process.argv.slice(2)
if (folder === undefined) {
  process.stderr.write('name the folder to write to: npm run client:build -- ../my-page/kwitness\n')
  process.exitCode = 1
} else {
  await writeBrowserPackage(resolve(folder))
  process.stdout.write(`${resolve(folder)}: import { KwitnessClient } from its client/index.js\n`)
}
