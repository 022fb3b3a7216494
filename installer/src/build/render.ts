import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { helmTemplate } from '../cluster/helm.ts'
import type { BuildOptions } from './build.ts'

/** Renders charts with the helm executable at `helm`, under the names that an installation uses by default. */
export function renderWith(helm: string): BuildOptions['render'] {
  return async (chart, values, signal = new AbortController().signal) => {
    const directory = await mkdtemp(join(tmpdir(), 'sealift-chart-'))
    try {
      const path = join(directory, 'chart.tgz')
      await writeFile(path, chart.archive)
      return await helmTemplate(
        { path: helm, home: join(directory, 'home') },
        { name: chart.name, namespace: chart.name },
        { chart: path, values },
        { signal },
      )
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }
}
