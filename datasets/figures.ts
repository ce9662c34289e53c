import { z } from 'zod'
import { activityFiguresShape } from './activity-figures.ts'
import { electricityFiguresShape } from './electricity-figures.ts'
import {
  gridLossFiguresShape,
  gwpFiguresShape,
  utilityFiguresShape,
  utilitySubregionFiguresShape,
  zipSubregionFiguresShape,
} from './reference-figures.ts'

/** Figures of a set of any kind. */
export const figuresShape = z.discriminatedUnion('kind', [
  electricityFiguresShape,
  activityFiguresShape,
  gridLossFiguresShape,
  utilityFiguresShape,
  utilitySubregionFiguresShape,
  zipSubregionFiguresShape,
  gwpFiguresShape,
])

/** Figures of a set of any kind. */
export type Figures = z.infer<typeof figuresShape>
/** Kind of a set. */
export type FiguresKind = Figures['kind']
