import type { Kind } from '../../cluster/kinds.ts'
import type { Stage } from '../../install/engine.ts'
import { isRecord } from '../belongings.ts'
import type { UninstallContext } from '../context.ts'
import { removeAll } from '../remove.ts'

/** Helm's records go last: they say what there is to remove, to whoever takes up an uninstallation that was killed. */
export const objectsStage: Stage<UninstallContext> = {
  id: 'uninstall-objects',
  title: 'Remove its objects',
  inPlace: 'none is there',
  async needed({ survey }) {
    const { goes, followers } = await survey()
    return goes.length + followers.length > 0
  },
  async run({ cluster, plan, graceOf, patience, interval, survey }, report) {
    let total = 0
    /** those of which something was left; all of them before anything counts as gone */
    let kinds: Kind[] | undefined
    const look = async () => {
      const seen = await survey(kinds)
      return kinds !== undefined && seen.goes.length + seen.followers.length === 0 ? await survey() : seen
    }
    await removeAll(cluster, {
      graceOf,
      patience,
      interval,
      async look() {
        const { goes, followers } = await look()
        kinds = [...new Set([...goes, ...followers].map(({ kind }) => kind))]
        const records = goes.filter(({ metadata }) => isRecord(plan.release, metadata))
        const before = goes.filter((one) => !records.includes(one))
        return { goes: before.length + followers.length > 0 ? before : records, followers }
      },
      onProgress(left) {
        total ||= left
        report.progress(Math.max(0, total - left), total, 'items')
      },
    })
  },
}
