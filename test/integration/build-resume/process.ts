import { readFile } from 'node:fs/promises'
import { type BuildOptions, buildBundle } from '../../../installer/src/build/build.ts'
import { registryStore } from '../../../installer/src/stores/registry/store.ts'

/** A build as a process of its own, to be killed. */
export interface BuildProcess extends Omit<BuildOptions, 'registry' | 'render'> {
  /** `host:port` where the registry of the release really is, over plain HTTP */
  mirror: string
  rendered: string
}

const { mirror, rendered, ...options } = JSON.parse(await readFile(process.argv[2] as string, 'utf8')) as BuildProcess
const registry = registryStore({
  mirrors: { 'registry.sealift.example': mirror },
  registries: { [mirror]: { plainHttp: true } },
  dockerConfig: false,
  proxy: {},
})
try {
  const { fetched, resumed } = await buildBundle({ ...options, registry, render: async () => rendered })
  console.log(JSON.stringify({ fetched, resumed }))
} catch (error) {
  console.error((error as { code?: string }).code ?? error)
  process.exitCode = 1
} finally {
  await registry.close()
}
