import { stat } from 'node:fs/promises'
import path from 'node:path'
import { stringify } from 'yaml'
import { checkTarget } from '../stores/target.ts'
import { bounds } from './bounds.ts'
import { collection as collecting } from './collection.ts'
import { collectHost, helmVersion, hostVersions } from './local/host.ts'
import { learnLocalSecrets } from './local/secrets.ts'
import { collectAnswers, collectState } from './local/state.ts'
import { pack, writeFailure } from './pack.ts'
import { Redactor } from './redact.ts'
import { collectSite } from './site/collect.ts'
import { openSpool } from './spool.ts'
import { type Summary, summarize, summaryText } from './summary.ts'
import { type Asked, findTarget } from './target.ts'

export interface DiagnoseOptions extends Asked {
  /** path of the archive; by default one in the current directory, named by namespace and time */
  out?: string | undefined
  /** only log lines that are not older than so many seconds */
  since?: number | undefined
  /** bytes that the archive may have */
  maxSize?: number | undefined
  /** of this program */
  version: string
  signal: AbortSignal
  onStep(title: string): void
}

export interface Diagnosis {
  /** path of the archive */
  file: string
  bytes: number
  sha256: string
  summary: Summary
}

/**
 * Writes one archive for whoever is to help: what is installed, what does not run and why, without secrets and personal
 * data. Whatever cannot be had (no rights, the cluster is down) is a line in its summary and ends nothing.
 * @throws SealiftError USAGE_ANSWERS, USAGE_EXISTS, STORAGE_FULL, STORAGE_WRITE
 */
export async function diagnose(options: DiagnoseOptions): Promise<Diagnosis> {
  const { signal, onStep, version } = options
  const most = options.maxSize ?? bounds.archive
  const target = await findTarget(options)
  const time = new Date()
  const name = `sealift-diagnose-${target.namespace}-${time.toISOString().replace(/[-:]|\.\d+/g, '')}`
  const file = path.resolve(options.out ?? `${name}.tar.gz`)
  checkTarget(file)
  if (await stat(file).catch(() => undefined)) throw writeFailure(file, { code: 'EEXIST' })
  const spool = await openSpool(file).catch((cause) => {
    throw writeFailure(file, cause)
  })
  try {
    const redactor = new Redactor()
    const collection = collecting(spool, redactor, signal)
    const { attempt, missing } = collection
    if (target.fault !== undefined) collection.miss('answers as the installation reads them', target.fault)

    onStep('This machine')
    await attempt('secrets of this machine, so that they could not be looked for', bounds.local, () =>
      learnLocalSecrets(redactor, target),
    )
    onStep('The cluster')
    const site = await collectSite(
      target,
      { since: options.since, logs: most * bounds.rawFactor, signal, onStep },
      collection,
    )
    // behind the cluster: what its Secrets hold is found here, too
    const [state, , , helm] = await Promise.all([
      attempt('the state of the installation', bounds.local, () => collectState(collection, target)),
      attempt('the answers', bounds.local, () => collectAnswers(collection, target)),
      attempt('this machine', bounds.local, () => collectHost(collection, target, file)),
      attempt('the version of helm', bounds.local + 1000, (own) => helmVersion(target, own)),
    ])
    const clean = (text: string) => redactor.text(text)
    const host = redactor.structure(await hostVersions()) as Record<string, string>
    const nodes = site?.facts.nodes.map(({ name, info }) => ({ name, ...info }))
    const versions = stringify({ sealift: version, helm, kubernetes: site?.kubernetes, host, nodes })
    await spool.add('versions.yaml', clean(versions))

    onStep('The archive')
    // who became known late is in what was cleaned before
    await spool.rename((path) => redactor.names(path))
    await spool.rewrite((text) => ({ text: redactor.names(text), cut: 0 }))
    let summary: Summary | undefined
    const found = { time, namespace: target.namespace, sealift: version, helm, host, state, site, clean }
    const packed = await pack(spool, {
      out: file,
      most,
      prefix: name,
      time,
      signal,
      summarize: async () => {
        const now = summarize({ ...found, missing, files: spool.files, removed: redactor.removed })
        summary = JSON.parse(redactor.names(JSON.stringify(now))) as Summary
        await spool.set('summary.json', `${JSON.stringify(summary, null, 2)}\n`)
        await spool.set('summary.txt', summaryText(summary))
      },
    })
    return { file, bytes: packed.size, sha256: packed.sha256, summary: summary as unknown as Summary }
  } catch (cause) {
    throw writeFailure(file, cause)
  } finally {
    await spool.remove()
  }
}
