import type { InstallContext } from '../context.ts'
import type { Stage } from '../engine.ts'

export const verifyStage: Stage<InstallContext> = {
  id: 'verify',
  title: 'Verify the bundle',
  inPlace: '',
  // a bundle that was whole yesterday may be damaged today
  needed: async () => true,
  async run({ bundle, signal }, report) {
    await bundle.verify((done, total) => report.progress(done, total, 'bytes'), signal)
    report.info(
      `${bundle.release.name} ${bundle.release.version}, signed by key ${bundle.signedBy.slice(0, 12)}…: every byte holds`,
    )
  },
}
