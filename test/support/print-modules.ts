import { registerHooks } from 'node:module'

/** Imports a module of this repository, and prints the URLs of all that were loaded with it. */
const loaded: string[] = []
registerHooks({
  load: (url, context, next) => {
    loaded.push(url)
    return next(url, context)
  },
})
await import(new URL(`../../${process.argv[2] ?? ''}`, import.meta.url).href)
process.stdout.write(JSON.stringify(loaded))
