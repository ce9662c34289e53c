import { CodedError } from '#protocol'

/** Why there is no figure: the code that the rules or the data sets gave on their worker. */
export class FigureError extends CodedError {}
