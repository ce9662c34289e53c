import type { CsvProfile } from './profile.ts'
import { E_DISTRIBUZIONE } from './profiles/e-distribuzione.ts'
import { ENPHASE } from './profiles/enphase.ts'
import { FLUVIUS_GAS } from './profiles/fluvius-gas.ts'
import { LINZ_NETZ } from './profiles/linz-netz.ts'
import { OCTOPUS } from './profiles/octopus.ts'
import { OPOWER } from './profiles/opower.ts'
import { SMART_METER_TEXAS } from './profiles/smart-meter-texas.ts'
import { XCEL_HISTORY } from './profiles/xcel.ts'

/** All layouts of this version; no two have one header. */
export const CSV_PROFILES: readonly CsvProfile[] = [
  E_DISTRIBUZIONE,
  ENPHASE,
  FLUVIUS_GAS,
  LINZ_NETZ,
  ...OCTOPUS,
  ...OPOWER,
  SMART_METER_TEXAS,
  XCEL_HISTORY,
]
