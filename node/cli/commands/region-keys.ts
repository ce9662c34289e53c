import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { examples } from '../examples.ts'
import type { Terminal } from '../terminal.ts'
import type { MemberOptions, RotateOptions, SealOptions } from '../run/region-keys.ts'

/** `kwitness region-keys`: the secrets that the auditors of a region share, handed out and changed. */
export function registerRegionKeys(program: Command, terminal: Terminal): void {
  const keys = program
    .command('region-keys')
    .description('hand out the keys of a region, each copy sealed for one auditor, and make the next archive key')
    .addHelpText(
      'after',
      examples([
        'kwitness region-keys recipient --dir ./auditor',
        'kwitness region-keys seal --region-keys europe.json --to age1… --to age1… -o handout',
        'kwitness region-keys add handout/europe-age1….age --dir ./auditor',
        'kwitness region-keys rotate --region-keys europe.json --epoch 1 -o europe-1.json',
      ]),
    )
  registerRecipient(keys, terminal)
  registerSeal(keys, terminal)
  registerAdd(keys, terminal)
  registerRotate(keys, terminal)
}

function registerRecipient(keys: Command, terminal: Terminal): void {
  keys
    .command('recipient')
    .description('show the age recipient of an auditor, which its copy of the keys is sealed for')
    .option('--dir <dir>', 'the data directory (KWITNESS_DIR) (default: ~/.kwitness)')
    .option('--json', 'one line of JSON: {dir, recipient}')
    .action(async (options: MemberOptions) => {
      const { showRecipient } = await import('../run/region-keys.ts')
      await showRecipient(terminal, options)
    })
}

function registerSeal(keys: Command, terminal: Terminal): void {
  keys
    .command('seal')
    .description("seal a region's keys for auditors, one age file for each; whoever is left out gets none")
    .requiredOption('--region-keys <file>', "the region's keys")
    .requiredOption('--to <recipient>', 'recipient of an auditor; give it once for each', collect)
    .requiredOption('-o, --output <dir>', 'folder for the files; overwrites nothing')
    .option('--json', 'one line of JSON: {region, files}')
    .action(async (options: SealOptions) => {
      const { sealForMembers } = await import('../run/region-keys.ts')
      await sealForMembers(terminal, options)
    })
}

function registerAdd(keys: Command, terminal: Terminal): void {
  keys
    .command('add')
    .description('add keys that were handed out to a data directory; those that it has stay')
    .argument('<file>', 'the age file, or the keys as they are')
    .option('--dir <dir>', 'the data directory (KWITNESS_DIR) (default: ~/.kwitness)')
    .option('--json', 'one line of JSON: {dir, region, epochs}')
    .action(async (file: string, options: MemberOptions) => {
      const { addRegionKeys } = await import('../run/region-keys.ts')
      await addRegionKeys(terminal, file, options)
    })
}

function registerRotate(keys: Command, terminal: Terminal): void {
  keys
    .command('rotate')
    .description('make the archive key of the next committee; keys before it stay in the file')
    .requiredOption('--region-keys <file>', "the region's keys")
    .requiredOption('--epoch <number>', 'first epoch that bills are sealed for it', parseEpoch)
    .requiredOption('-o, --output <file>', 'new file with all keys; overwrites nothing')
    .option('--json', 'one line of JSON: {region, output, archive}')
    .action(async (options: RotateOptions) => {
      const { rotateRegionKeys } = await import('../run/region-keys.ts')
      await rotateRegionKeys(terminal, options)
    })
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}

function parseEpoch(text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new InvalidArgumentError('expected a whole number from 1 on')
  return Number(text)
}
