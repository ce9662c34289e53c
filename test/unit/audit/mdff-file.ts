/** A data stream of a made-up NEM12 file; what is left out is an ordinary stream of consumption. */
export type MadeStream = {
  readonly nmi?: string
  readonly configuration?: string
  readonly register?: string
  readonly suffix?: string
  readonly serial?: string
  readonly uom?: string
  readonly minutes?: number | string
  readonly days?: readonly MadeDay[]
}

/** A day of it. */
export type MadeDay = {
  readonly date?: string
  /** One value for all intervals, or all values. */
  readonly values?: string | readonly string[]
  readonly quality?: string
  readonly updated?: string
  /** 400 records, without their indicator. */
  readonly runs?: readonly string[]
}

/** An NMI of nobody: the block of New South Wales, never given out. */
export const MADE_NMI = '4103999004'

/** Lines of a 200 record and all below it. */
export function streamLines(made: MadeStream = {}): string[] {
  const suffix = made.suffix ?? 'E1'
  const minutes = made.minutes ?? 30
  const head = [
    '200',
    made.nmi ?? MADE_NMI,
    made.configuration ?? suffix,
    made.register ?? suffix,
    suffix,
    'N1',
    made.serial ?? 'M1',
    made.uom ?? 'kWh',
    String(minutes),
    '',
  ]
  return [head.join(','), ...(made.days ?? [{}]).flatMap((day) => dayLines(day, Math.floor(1_440 / Number(minutes))))]
}

function dayLines(day: MadeDay, count: number): string[] {
  const { values = '0.5' } = day
  const list = typeof values === 'string' ? Array.from({ length: count }, () => values) : values
  const row = ['300', day.date ?? '20240301', ...list, day.quality ?? 'A', '', '', day.updated ?? '', '']
  return [row.join(','), ...(day.runs ?? []).map((run) => `400,${run}`)]
}

/** A whole file of such streams. */
export function nem12File(...streams: readonly MadeStream[]): string {
  const body = (streams.length === 0 ? [{}] : streams).flatMap(streamLines)
  return ['100,NEM12,202403020000,INVENTMDP,INVENTRET', ...body, '900', ''].join('\n')
}

/** Consecutive days from a day of March 2024. */
export function marchDays(first: number, count: number, day: MadeDay = {}): MadeDay[] {
  return Array.from({ length: count }, (_, index) => ({
    ...day,
    date: `202403${String(first + index).padStart(2, '0')}`,
  }))
}

/** A register of a made-up NEM13 file. */
export type MadeRegister = {
  readonly nmi?: string
  readonly configuration?: string
  readonly register?: string
  readonly suffix?: string
  readonly direction?: string
  readonly previous?: readonly [value: string, at: string, quality: string]
  readonly current?: readonly [value: string, at: string, quality: string]
  readonly quantity?: string
  readonly uom?: string
  readonly updated?: string
  readonly serial?: string
}

/** A file of registers. */
export function nem13File(...registers: readonly MadeRegister[]): string {
  const rows = (registers.length === 0 ? [{}] : registers).map((made) =>
    [
      '250',
      made.nmi ?? MADE_NMI,
      made.configuration ?? made.suffix ?? '11',
      made.register ?? made.suffix ?? '11',
      made.suffix ?? '11',
      '11',
      made.serial ?? 'M1',
      made.direction ?? 'E',
      ...readCells(made.previous ?? ['000100.5', '20240105101500', 'A']),
      ...readCells(made.current ?? ['000300', '20240403094500', 'A']),
      made.quantity ?? '199.5',
      made.uom ?? 'kWh',
      '20240705',
      made.updated ?? '20240404000000',
      '',
    ].join(','),
  )
  return ['100,NEM13,202404101200,INVENTMDP,INVENTRET', ...rows, '550,N,,A,', '900', ''].join('\n')
}

function readCells([value, at, quality]: readonly [string, string, string]): string[] {
  return [value, at, quality, '', '']
}
