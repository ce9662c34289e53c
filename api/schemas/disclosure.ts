import { z } from 'zod'

/** Whom a bill is disclosed to. */
export const disclosureBody = z
  .strictObject({
    to: z
      .string()
      .regex(/^age1[02-9ac-hj-np-z]{58}$/, 'expected an age recipient: age1 and 58 more characters')
      .describe('age recipient of whoever may read the bill, as `age-keygen` prints it'),
  })
  .meta({ id: 'Disclosure' })
