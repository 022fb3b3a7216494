import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Draft } from '../answers/draft.ts'
import type { CompleteAnswers } from '../answers/schema.ts'
import { type Cluster, connectCluster } from '../cluster/connection.ts'
import { appliedMigrations } from '../database/applied-migrations.ts'
import type { InstallDeps } from '../install/context.ts'
import { type Named, named } from '../install/history.ts'
import { type Journal, openJournal } from '../install/journal.ts'
import { readAnswersText } from '../install/kept-answers.ts'
import { readLicenseFile } from '../install/license-file.ts'
import { defaultStateDir, openInstallation } from '../install/open.ts'
import type { Receipt } from '../install/receipt.ts'
import { lockState } from '../stores/state-lock.ts'
import { writeWhole } from '../stores/write-whole.ts'
import type { UpgradeOptions } from './context.ts'
import type { UpgradeEmit } from './events.ts'
import { forget } from './forget.ts'
import { readInstalled } from './installed.ts'
import { holdLease } from './lease.ts'
import { findPath, type Start } from './path.ts'
import { readRecord, thisHost, type UpgradeRecord, writeRecord } from './record.ts'
import { type Mend, siteAnswers } from './site-answers.ts'
import { bestLicense, uploadedLicenses } from './site-license.ts'
import { makeStep } from './step.ts'
import { inDatabase } from './with-database.ts'

/** What `sealift upgrade` is given. */
export interface UpgradeRequest {
  /** bundle files, or names of releases in a registry, in any order */
  sources: readonly string[]
  /** answers that change */
  changes: Draft
  /** asks for what the site has not answered, where somebody can be asked */
  mend?: Mend | undefined
  where: { kubeconfig?: string | undefined; context?: string | undefined; namespace: string }
  /** default: of the cluster and the namespace */
  stateDir?: string | undefined
  options: UpgradeOptions
  /** milliseconds that a release may take to become ready */
  timeout?: number | undefined
}

/** One release of the way, opened. */
export interface OpenedStep extends Named {
  answers: CompleteAnswers
  deps: InstallDeps
}

export interface Upgrade {
  cluster: Cluster
  namespace: string
  stateDir: string
  /** where the way begins: what is installed, or was when an unfinished upgrade began */
  start: Start
  /** images of what is installed, or was */
  images: Receipt['images']
  /** milliseconds that its stages took */
  times: Pick<Receipt, 'times'>
  /** an upgrade that has begun and not ended */
  unfinished: UpgradeRecord | undefined
  /** the releases to come, in their order; empty where there is nothing to do */
  steps: OpenedStep[]
  /** releases that were named and are not on the way */
  unused: string[]
  /** @throws SealiftError of the step that failed; UPGRADE_CAME_BACK, UPGRADE_STUCK, UPGRADE_BUSY */
  run(emit: UpgradeEmit): Promise<void>
  close(): Promise<void>
}

/**
 * Looks at what is installed and at the releases that are given, and finds the way from one to the other. Changes nothing
 * but the state directory of this machine.
 * @throws SealiftError CLUSTER_NOT_INSTALLED, UPGRADE_*, BUNDLE_*, USAGE_ANSWERS, USAGE_LOCKED
 */
export async function openUpgrade(request: UpgradeRequest, signal: AbortSignal): Promise<Upgrade> {
  const undo = new AsyncDisposableStack()
  try {
    const { where } = request
    const { namespace } = where
    const cluster = connectCluster(where, signal)
    const stateDir = request.stateDir ?? defaultStateDir(where)
    undo.defer(await lockState(stateDir, 'another installation or upgrade'))
    const last = await readRecord(cluster, namespace)
    const record = last?.ended === undefined ? last : undefined
    // one that has changed nothing yet binds nobody
    const unfinished = record?.changes ? record : undefined
    const receipt = unfinished
      ? (JSON.parse(unfinished.from.receipt) as Receipt)
      : (await readInstalled(cluster, namespace)).receipt
    const start: Start = receipt.release
    // in the middle of an upgrade the database may be on its way
    const uploaded = unfinished ? [] : await inDatabase(cluster, namespace, uploadedLicenses)
    const site = path.join(stateDir, 'site')
    // keys and passwords of the site: in the cluster, where the next run gets them again
    undo.defer(() => rm(site, { recursive: true, force: true }))
    const opened: OpenedStep[] = []
    for (const source of request.sources) {
      const { changes: draft, mend } = request
      const answers = await siteAnswers(cluster, { draft, where, source: sourceOf(source), mend }, site)
      const deps = await openInstallation(answers, stateDir, signal)
      undo.defer(() => deps.close())
      const { release, releaseDigest: digest } = deps.bundle
      const license =
        request.changes.license === undefined
          ? await bestLicense([readLicenseFile(answers.license), ...uploaded], answers, release)
          : undefined
      // never over a file of the operator's own
      const file = path.join(site, 'license')
      if (license !== undefined) writeWhole(file, license)
      const known = license === undefined ? answers : { ...answers, license: file }
      opened.push({ name: release.name, version: release.version, digest, answers: known, deps })
    }
    const steps = unfinished ? goingOn(unfinished, opened) : wayThrough(start, opened)
    const journal = await openJournal(stateDir)
    undo.defer(() => journal.close())
    return {
      ...{ cluster, namespace, stateDir, start, images: receipt.images, times: receipt, unfinished, steps },
      unused: opened.filter((one) => !steps.includes(one)).map(({ deps }) => deps.bundle.path),
      run: (emit) =>
        run({
          cluster,
          namespace,
          stateDir,
          start,
          abandoned: !unfinished ? record : undefined,
          unfinished,
          steps,
          journal,
          request,
          emit,
          signal,
        }),
      close: () => undo.disposeAsync(),
    }
  } catch (error) {
    await undo.disposeAsync()
    throw error
  }
}

/** A file, or else the name of a release. */
const sourceOf = (source: string): Draft =>
  existsSync(source) || !source.includes(':') ? { bundle: path.resolve(source) } : { release: source }

const wayThrough = (start: Start, opened: readonly OpenedStep[]): OpenedStep[] =>
  findPath(
    start,
    opened.map((one) => ({
      ...one,
      path: one.deps.bundle.path,
      release: one.deps.bundle.release,
      releaseDigest: one.digest,
    })),
  ).map(({ digest }) => opened.find((one) => one.digest === digest) as OpenedStep)

/** The rest of a way that was begun: the release that was on its way, and what follows it. */
function goingOn(unfinished: UpgradeRecord, opened: readonly OpenedStep[]): OpenedStep[] {
  const { to, from, started, host, direction } = unfinished
  const first = opened.find(({ digest }) => digest === to.digest)
  if (!first)
    throw new SealiftError('UPGRADE_UNFINISHED', `an upgrade from ${from.version} to ${to.version} is not finished`, {
      why: `it was begun at ${started} from ${host}, and its bundle is not among those named`,
      fix: `finish it first: sealift upgrade BUNDLE with the bundle of ${to.version}${direction === 'back' ? ', which goes on with the way back' : ''}`,
    })
  return direction === 'back' ? [first] : [first, ...wayThrough(named(to), opened)]
}

interface Run extends Pick<Upgrade, 'cluster' | 'namespace' | 'stateDir' | 'start' | 'unfinished' | 'steps'> {
  /** an upgrade that ended before it changed anything */
  abandoned: UpgradeRecord | undefined
  journal: Journal
  request: UpgradeRequest
  emit: UpgradeEmit
  signal: AbortSignal
}

async function run(run: Run): Promise<void> {
  const { cluster, namespace, stateDir, start, abandoned, unfinished, steps, journal, request, emit, signal } = run
  const lease = await holdLease(cluster, namespace, stateDir)
  const both = AbortSignal.any([signal, lease.lost])
  try {
    if (abandoned) await forget(cluster, namespace, abandoned)
    let from: Named = start
    for (const [i, step] of steps.entries()) {
      emit({ type: 'step', number: i + 1, of: steps.length, from: from.version, to: step.version })
      const record = (i === 0 && unfinished) || (await begin(cluster, namespace, step))
      const { options, timeout } = request
      const deps = { ...step.deps, options, record, ...(timeout === undefined ? {} : { timeout }) }
      await makeStep({ answers: step.answers, deps, journal, emit, signal: both })
      from = step
    }
  } catch (error) {
    if (lease.lost.aborted) throw lease.lost.reason
    throw error
  } finally {
    await lease.release()
  }
}

/** Notes in the cluster what is there, before anything else. */
async function begin(cluster: Cluster, namespace: string, to: OpenedStep): Promise<UpgradeRecord> {
  const { receipt, text, helm } = await readInstalled(cluster, namespace)
  const { migrations, major } = await inDatabase(cluster, namespace, async (database) => ({
    migrations: (await appliedMigrations(database)).map(({ name }) => name),
    major: database.major,
  }))
  const record: UpgradeRecord = {
    ...{ apiVersion: 'sealift.dev/v1', kind: 'Upgrade', started: new Date().toISOString(), host: thisHost() },
    from: {
      ...named(receipt.release),
      ...{ revision: helm.revision, migrations, postgres: major },
      ...(await readAnswersText(cluster, namespace)),
      receipt: text,
    },
    to: named(to),
    ...{ direction: 'forward', changes: false, writesStopped: false, passed: false },
  }
  await writeRecord(cluster, namespace, record)
  return record
}
