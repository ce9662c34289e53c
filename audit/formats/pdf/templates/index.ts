import type { Template } from '../template.ts'
import { NATIONAL_GRID_HISTORY } from './national-grid-history.ts'
import { RGE_2 } from './rge-2.ts'
import { RGE_3 } from './rge-3.ts'

/** All templates of this version; the fingerprint of at most one fits a file. */
export const TEMPLATES: readonly Template[] = [NATIONAL_GRID_HISTORY, RGE_2, RGE_3]
