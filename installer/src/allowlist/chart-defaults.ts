import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chartValuesIn } from '../install/chart-files.ts'
import { type Content, takeOut } from '../stores/bundle/take-out.ts'

/** The values that the chart of a sealed release has by itself. @throws SealiftError BUNDLE_CHART, BUNDLE_CONTENT */
export async function chartDefaults(chart: Content): Promise<unknown> {
  const directory = await mkdtemp(join(tmpdir(), 'sealift-chart-'))
  try {
    const archive = join(directory, 'chart.tgz')
    await takeOut(chart, archive, 0o600)
    return (await chartValuesIn(archive)).values
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
