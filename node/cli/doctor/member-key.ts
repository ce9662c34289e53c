import { findMemberKey } from '../../data-dir.ts'
import { examine } from './diagnosis.ts'
import type { Diagnosis } from './diagnosis.ts'

/** Whether the region's keys can be handed out to this auditor, and for which recipient they are sealed. */
export async function checkMemberKey(dir: string): Promise<Diagnosis> {
  return examine('member key', `make it with kwitness region-keys recipient --dir ${dir}`, async () => {
    const member = await findMemberKey(dir)
    if (member === undefined) throw new Error('member.age-key is missing: nobody can hand out keys to this auditor')
    return `keys for this auditor are sealed for ${member.recipient}`
  })
}
