import type { InstallContext } from '../context.ts'
import type { Stage } from '../engine.ts'

export const verifyStage: Stage<InstallContext> = {
  id: 'verify',
  title: 'Verify the release',
  inPlace: '',
  // what was whole yesterday may be damaged today
  needed: async () => true,
  async run({ bundle, signal }, report) {
    const proven = await bundle.verify(report.progress, signal)
    const { name, version } = bundle.release
    if (bundle.size === undefined) report.info(`it is ${bundle.path}`)
    report.info(`${name} ${version}, signed by key ${bundle.signedBy.slice(0, 12)}…: ${proven}`)
  },
}
