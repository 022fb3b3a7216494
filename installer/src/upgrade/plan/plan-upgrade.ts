import { statfs } from 'node:fs/promises'
import path from 'node:path'
import type { V1StatefulSet } from '@kubernetes/client-node'
import type { KnownMigrations, ReleaseMigration } from '@sealift/bundle-spec/migrations.ts'
import { siteAllowlist } from '../../allowlist/site-list.ts'
import type { Cluster } from '../../cluster/connection.ts'
import { platformRelease } from '../../cluster/helm.ts'
import { readHelmHistory } from '../../cluster/helm-history.ts'
import { openSessions } from '../../cluster/open-sessions.ts'
import { quantity } from '../../cluster/quantity.ts'
import { workspacesElsewhere } from '../../cluster/workspaces-elsewhere.ts'
import { type AppliedMigration, appliedMigrations } from '../../database/applied-migrations.ts'
import { openDatabase } from '../../database/open.ts'
import { type TableSize, tableSizes } from '../../database/tables.ts'
import { chartValuesIn } from '../../install/chart-files.ts'
import { createContext, type InstallContext } from '../../install/context.ts'
import { readHistory } from '../../install/history.ts'
import { readKeptAllowlist } from '../../install/kept-answers.ts'
import { siteNodes } from '../../install/site-nodes.ts'
import { compareObjects } from '../compare.ts'
import type { UpgradeOptions } from '../context.ts'
import { databaseSet, postgresMajor } from '../postgres-major.ts'
import { backupStage } from '../stages/backup.ts'
import { moveStage } from '../stages/move.ts'
import { upgradeStages } from '../step.ts'
import type { OpenedStep, Upgrade } from '../upgrade.ts'
import { planAllowlist } from './allowlist.ts'
import { bytesTogether, missingOnNodes, plannedImages } from './images.ts'
import { needsBackup, type Pending, pendingOf, releaseMigrations } from './migrations.ts'
import type { PlannedMigration, StepPlan, UpgradePlan } from './plan.ts'
import { expectedTimes } from './times.ts'
import { planValues } from './values.ts'

type Applied = Pick<AppliedMigration, 'name' | 'hash'>

/**
 * Says what an upgrade would do. Changes nothing.
 * @throws SealiftError UPGRADE_SCHEMA, BUNDLE_*, CLUSTER_*
 */
export async function planUpgrade(
  upgrade: Upgrade,
  options: UpgradeOptions,
  signal: AbortSignal,
): Promise<UpgradePlan> {
  const { start, steps, unfinished, unused } = upgrade
  const way = { name: start.name, from: start.version, to: steps.at(-1)?.version ?? start.version, unused }
  // it was planned, and agreed to, before it began: now it is the cluster that is in between
  if (unfinished)
    return {
      ...{ ...way, steps: [] },
      unfinished: { ...unfinished, from: unfinished.from.version, to: unfinished.to.version },
    }
  return { ...way, ...(await planSteps(upgrade, options, signal)) }
}

async function planSteps(
  { cluster, namespace, ...upgrade }: Upgrade,
  options: UpgradeOptions,
  signal: AbortSignal,
): Promise<
  Pick<UpgradePlan, 'steps' | 'database' | 'backup' | 'elsewhere' | 'sessions' | 'objects' | 'values' | 'allowlist'>
> {
  const { start, steps } = upgrade
  const { directory } = options.backup
  const database = await openDatabase(cluster, namespace)
  try {
    const [sizes, applied, sessions, free, history, elsewhere] = await Promise.all([
      tableSizes(database),
      appliedMigrations(database),
      openSessions(cluster, namespace),
      freeAt(directory),
      readHistory(cluster, namespace),
      elsewhereThan(cluster, namespace, steps.at(-1)?.answers.registry.address),
    ])
    const { own, major } = database
    const planned: StepPlan[] = []
    for (const [i, step] of steps.entries()) {
      const before = i === 0 ? undefined : steps[i - 1]
      const known = before === undefined ? applied : listed(await releaseMigrations(before.deps.bundle), applied)
      const context = createContext(step.answers, step.deps, signal, [])
      const pending = pendingOf(await releaseMigrations(context.bundle), known)
      const images = await plannedImages(context, before?.deps.bundle.release.images ?? upgrade.images)
      const postgres = {
        from: planned.findLast((one) => one.postgres)?.postgres?.to ?? major,
        to: postgresMajor(await context.objects()) ?? major,
        storage: storageOf(databaseSet(await context.objects())),
      }
      const moves = postgres.from !== postgres.to
      const writesStop = moves || needsBackup(pending)
      const stages = upgradeStages.map(({ id }) => id).filter((id) => moves || id !== moveStage.id)
      const { times, guessed } = expectedTimes(stages, upgrade.times, history)
      planned.push({
        ...{ from: before?.version ?? start.version, to: step.version, digest: step.digest, images },
        pulls: await pullsOf(context),
        migrations: pending === 'unknown' ? pending : pending.map((one) => withSizes(one, sizes)),
        ...(moves ? { postgres } : {}),
        writesStop,
        irreversible: irreversible(pending),
        ...(context.bundle.release.noWayBack ? { noWayBack: context.bundle.release.noWayBack } : {}),
        time: {
          ...{ total: sum(Object.values(times)), stages: times, guessed },
          // from the backup on, to the end
          writesStop: writesStop ? sum(stages.slice(stages.indexOf(backupStage.id)).map((id) => times[id] ?? 0)) : 0,
        },
      })
    }
    const [first, last] = [steps[0], steps.at(-1)]
    const kept = last && (await readKeptAllowlist(cluster, namespace))
    const compared =
      first && (await comparison({ cluster, namespace }, first, planned[0]?.postgres !== undefined, signal))
    return {
      steps: planned,
      database: { bytes: sum(sizes.map((size) => size.bytes)), major, own },
      backup: { directory, bytes: sum(sizes.map((size) => size.data)), free },
      ...{ elsewhere, sessions },
      ...(kept && {
        allowlist: planAllowlist(kept, await siteAllowlist(createContext(last.answers, last.deps, signal, []))),
      }),
      ...compared,
    }
  } finally {
    await database.close()
  }
}

/** How many workspaces would have to get their image from where the site no longer gets it. */
async function elsewhereThan(cluster: Cluster, namespace: string, registry: string | undefined): Promise<number> {
  if (registry === undefined) return 0
  return (await workspacesElsewhere(cluster, namespace, registry)).filter(({ follows }) => follows).length
}

/** What the first step does to what is there. Of later ones nobody can tell before the first one has been made. */
async function comparison(
  { cluster, namespace }: Pick<Upgrade, 'cluster' | 'namespace'>,
  { answers, deps }: OpenedStep,
  moves: boolean,
  signal: AbortSignal,
): Promise<Pick<UpgradePlan, 'objects' | 'values'>> {
  const context = createContext(answers, deps, signal, [])
  const helm = await readHelmHistory(cluster, platformRelease(namespace))
  const { plan } = await compareObjects(context, helm?.manifest ?? '', moves)
  const newChart = await chartValuesIn(await context.chart())
  const { changes } = planValues({ site: answers.values ?? {}, oldChart: helm?.defaults ?? { values: {} }, newChart })
  return { objects: plan, values: changes }
}

/** What a StatefulSet asks for as its volume, in bytes. */
const storageOf = (set: V1StatefulSet | undefined): number =>
  quantity(set?.spec?.volumeClaimTemplates?.[0]?.spec?.resources?.requests?.storage)

/** What a database has after a release. */
const listed = (known: KnownMigrations, applied: readonly Applied[]): readonly Applied[] =>
  known === 'unknown' ? applied : known

async function pullsOf(context: InstallContext): Promise<StepPlan['pulls']> {
  const missing = missingOnNodes(context, (await siteNodes(context)).fitting)
  const nodes = [...new Set(missing.map(({ node }) => node))]
  return await Promise.all(
    nodes.map(async (node) => {
      const digests = missing.filter((one) => one.node === node).map(({ digest }) => digest)
      const wanted = context.bundle.release.images.filter(({ digest }) => digests.includes(digest))
      return { node, bytes: await bytesTogether(context, wanted), images: wanted.map(({ name }) => name) }
    }),
  )
}

const withSizes = (migration: ReleaseMigration, sizes: readonly TableSize[]): PlannedMigration => ({
  ...migration,
  sizes: migration.tables.flatMap((table) => {
    const size = sizes.find(({ name }) => name === table)
    return size ? [{ table, bytes: size.bytes, rows: size.rows }] : []
  }),
})

function irreversible(pending: Pending): string[] {
  if (pending === 'unknown') return ['the release does not say what it does to the database']
  return pending.filter((one) => one.class === 'irreversible').map(({ name, says }) => `${name}: ${says}`)
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

/** Bytes that are free where a directory is or is going to be; whoever may not use it learns that from the backup. */
async function freeAt(directory: string): Promise<number> {
  for (let at = path.resolve(directory); ; at = path.dirname(at))
    try {
      const { bavail, bsize } = await statfs(at)
      return bavail * bsize
    } catch (error) {
      if (at === path.dirname(at)) throw error
    }
}
