import { z } from 'zod'

/**
 * Schema of a text that people read. Sets of strangers are shown on terminals: a control or format character could clear
 * the screen, begin a line that looks like ours, or turn the order of what is read.
 */
export const textShape = z
  .string()
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u, 'expected a text without control characters')
