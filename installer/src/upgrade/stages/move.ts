import type { V1StatefulSet } from '@kubernetes/client-node'
import { openBackup } from '../../backup/file/open.ts'
import { counting } from '../../backup/progress.ts'
import { startNextServer } from '../../database/next-server.ts'
import { refill } from '../../database/refill.ts'
import { stopWrites } from '../../database/writes.ts'
import type { Stage } from '../../install/engine.ts'
import type { Reporter } from '../../install/events.ts'
import { type StepContext, unexpected } from '../context.ts'
import { databaseSet, postgresMajor, setOf } from '../postgres-major.ts'
import { scaleDown } from '../scale-down.ts'
import { applyVolume, assertFree, isFilled, readVolume } from '../volume.ts'

/**
 * A data directory is of one major version of PostgreSQL: the proven backup goes into a new volume. The one of before is not
 * touched again, so that it is the way back. Its server ends here: no manager of the next release may find it.
 */
export const moveStage: Stage<StepContext> = {
  id: 'move',
  title: 'Move the database into a volume of the next PostgreSQL',
  inPlace: 'it is where the next release looks for it',
  needed: async (context) => (await context.movesDatabase()) && !(await isMoved(context)),
  async run(context, report) {
    const { set, claim } = await nextOf(context)
    const { answers, record, note } = context
    const { namespace } = answers
    const cluster = context.cluster()
    await assertMoves(context)
    await note({ move: { claim, filled: false } })
    await applyVolume(cluster, namespace, set, { upgrade: record().started })
    const backup = await fill(context, set, report)
    await applyVolume(cluster, namespace, set, { upgrade: record().started, backup })
    const { from } = record()
    const labels = { 'app.kubernetes.io/part-of': 'cde', 'sealift.dev/postgres-major': `${from.postgres}` }
    const before = { kind: 'StatefulSet', namespace, name: setOf(from.postgres), labels } as const
    if (await scaleDown(cluster, { ...before, timeout: context.timeout }))
      report.info(`PostgreSQL ${from.postgres} has stopped; its volume stays as it is`)
    await note({ move: { claim, filled: true } })
  },
}

/** The StatefulSet of the next release, and the claim of its pod. */
async function nextOf(context: StepContext): Promise<{ set: V1StatefulSet; claim: string }> {
  const set = databaseSet(await context.objects())
  if (set === undefined) throw unexpected('the release has no database to move into')
  return { set, claim: `data-${set.metadata?.name}-0` }
}

/** Whether the volume was filled to its end: the record and the volume itself have to say so. */
async function isMoved(context: StepContext): Promise<boolean> {
  const { move, started, backup } = context.record()
  if (!move?.filled || backup === undefined) return false
  return isFilled(await readVolume(context.cluster(), context.answers.namespace, move.claim), started, backup.id)
}

/** Refuses to write over data: of another upgrade, or of a server that runs. @throws SealiftError UPGRADE_VOLUME */
export async function assertMoves(context: StepContext): Promise<void> {
  const { set, claim } = await nextOf(context)
  const { namespace } = context.answers
  const cluster = context.cluster()
  await assertFree(cluster, namespace, claim, context.record().started)
  const name = set.metadata?.name ?? ''
  const read = () => cluster.apps.readNamespacedStatefulSet({ namespace, name })
  if (await cluster.find(`read statefulset ${namespace}/${name}`, read))
    throw unexpected(`StatefulSet ${name} is there before its volume was filled`)
}

/** Fills the new database, in which nobody writes before the step has ended either. Returns the backup's id. */
async function fill(context: StepContext, set: V1StatefulSet, report: Reporter): Promise<string> {
  const { answers, options, signal } = context
  const { backup } = context.record()
  if (backup === undefined) throw unexpected('there is no backup to fill the database from')
  const file = await openBackup(backup.path)
  try {
    const server = await startNextServer(context.cluster(), answers.namespace, set)
    try {
      const { tables } = file.document
      await stopWrites(server.database)
      const dump = counting(file.read('dump', options.backup.key), file.sizeOf('dump'), report)
      await refill(server.database, dump, { states: tables, signal })
      await server.shutDown()
      const rows = tables.reduce((sum, table) => sum + table.rows, 0)
      report.info(
        `PostgreSQL ${postgresMajor([set])} has ${tables.length} tables with ${rows} rows, each equal to the backup`,
      )
    } finally {
      await server.close()
    }
  } finally {
    await file.close()
  }
  return backup.id
}
