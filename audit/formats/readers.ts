import { EINVOICE_READER } from './einvoice/extract-einvoice.ts'
import { CSV_READER } from './csv/extract-csv.ts'
import { EMPTY_ESPI_READER, ESPI_READER } from './espi/extract-espi.ts'
import { FATTURA_PA_READER } from './fattura-pa/extract-fattura-pa.ts'
import { KWITNESS_CSV_READER } from './kwitness-csv/extract-kwitness-csv.ts'
import { NEM12_READER } from './nem12/extract-nem12.ts'
import { PDF_READER } from './pdf/extract-pdf.ts'
import type { FormatReader } from './reader.ts'
import { EML_READER } from './signed/extract-eml.ts'
import { P7M_READER } from './signed/extract-p7m.ts'
import { ZIP_READER } from './zip/extract-zip.ts'

/** All formats of this version, in the order in which they are tried. */
export const READERS: readonly FormatReader[] = [
  ZIP_READER,
  PDF_READER,
  P7M_READER,
  EML_READER,
  EINVOICE_READER,
  FATTURA_PA_READER,
  ESPI_READER,
  NEM12_READER,
  CSV_READER,
  KWITNESS_CSV_READER,
  EMPTY_ESPI_READER,
]
