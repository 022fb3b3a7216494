import { assertOwnership } from '../cluster/ownership.ts'
import { deletion } from '../cluster/settled.ts'
import type { Check } from './check.ts'

export const ownership: Check = {
  id: 'ownership',
  title: 'No object that the chart installs is of somebody else',
  protects: 'deploy',
  why: 'What another installation or a colleague made would be overwritten.',
  level: 'error',
  strict: true,
  after: ['namespace'],
  limit: deletion.limit + 30_000,
  async run(context, say) {
    const objects = await context.objects()
    await assertOwnership(context.cluster(), context.helmRelease, objects, {
      onWait: (what) => say(`${what} is being deleted: waiting until it is gone`),
    })
    return { state: 'passed', found: `${objects.length} objects are missing or this release's own` }
  },
}
