import { open } from 'node:fs/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { type ChartArchive, readChartArchive } from '../stores/chart/archive.ts'

/**
 * Reads the chart of a bundle and proves, before Helm reads it, that nothing in it is what no chart needs.
 * @throws SealiftError BUNDLE_CHART
 */
export async function checkChartArchive(path: string): Promise<ChartArchive> {
  const bad = (why: string, cause?: unknown) =>
    new SealiftError('BUNDLE_CHART', 'the chart in the bundle is not one that may be opened', {
      why: `it ${why}`,
      fix: 'ask the vendor for a bundle with a chart that helm package has made',
      cause,
    })
  const file = await open(path)
  try {
    if ((await file.stat()).size > limits.chartUnpacked) throw bad(`is larger than ${limits.chartUnpacked} bytes`)
    return await readChartArchive(await file.readFile(), bad)
  } finally {
    await file.close()
  }
}
