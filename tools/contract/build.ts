// Writes contracts/artifacts/AuditRegistry.json from the Solidity sources: `npm run contracts:build`.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { ARTIFACT_PATH } from '../../contracts/index.ts'
import { ensureTools } from '../installed.ts'
import { compileAuditRegistry } from './compile.ts'

ensureTools()
const artifact = await compileAuditRegistry()
mkdirSync(dirname(ARTIFACT_PATH), { recursive: true })
writeFileSync(ARTIFACT_PATH, `${JSON.stringify(artifact, undefined, 2)}\n`)
process.stdout.write(
  `${artifact.contract}: ${artifact.bytecode.length / 2 - 1} bytes of creation code, solc ${artifact.solc}\n`,
)
