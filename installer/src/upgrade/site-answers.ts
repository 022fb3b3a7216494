import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { complete, withPaths } from '../answers/complete.ts'
import { type Draft, isGroup } from '../answers/draft.ts'
import { type Fault, faultsOf } from '../answers/fault.ts'
import { settled } from '../answers/questions.ts'
import { said } from '../answers/read.ts'
import type { CompleteAnswers } from '../answers/schema.ts'
import { readSecret } from '../cluster/apply.ts'
import type { Cluster } from '../cluster/connection.ts'
import { secretNames } from '../install/chart-values.ts'
import { readKeptAnswers } from '../install/kept-answers.ts'
import { loginOfSecret } from '../install/proxy-access.ts'
import { writeWhole } from '../stores/write-whole.ts'

/** What counts more than what the site has kept. */
export interface Changes {
  /** from `--answers`: only what changes has to stand there */
  draft: Draft
  /** how this machine reaches the cluster */
  where: { kubeconfig?: string | undefined; context?: string | undefined; namespace: string }
  /** where the release is: `bundle` or `release` */
  source: Draft
  /** Gives the answers with one that does not hold answered anew, where somebody can be asked. */
  mend?: Mend | undefined
}

/** Undefined where what does not hold is nothing that is asked. */
export type Mend = (draft: Draft, fault: Fault) => Promise<Draft | undefined>

/**
 * The answers of a site for its next release, with every file that they name on this machine: what the namespace has kept,
 * changed by `changes`. Files come out of the cluster (Secrets are the truth of what the platform uses) into `directory`,
 * which only this user can read; those that only the machine of the installation had stay as they are named.
 * @throws SealiftError USAGE_ANSWERS naming what is missing or no longer fits, CLUSTER_NO_ANSWERS, CLUSTER_*
 */
export async function siteAnswers(cluster: Cluster, changes: Changes, directory: string): Promise<CompleteAnswers> {
  const { namespace } = changes.where
  const { draft, files } = await readKeptAnswers(cluster, namespace)
  const secrets = await secretFiles(cluster, namespace)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const kept = withPaths(draft, (file, keys) => {
    const pointer = `/${keys.join('/')}`
    const text = secrets[pointer] ?? files[pointer]
    if (text === undefined) return file
    const here = path.join(directory, keys.join('-'))
    writeWhole(here, text)
    return here
  })
  const { bundle: _, release: __, kubeconfig: ___, context: ____, ...site } = kept
  const { kubeconfig, context } = changes.where
  return await holding(
    {
      ...merged(site, changes.draft),
      ...changes.source,
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      ...(context === undefined ? {} : { context }),
      namespace,
    },
    changes.mend,
  )
}

/** The answers once all of them hold. @throws SealiftError USAGE_ANSWERS */
async function holding(draft: Draft, mend: Mend | undefined): Promise<CompleteAnswers> {
  const [first] = faultsOf(settled(draft))
  if (first === undefined) return complete(settled(draft)) as CompleteAnswers
  const mended = await mend?.(draft, first)
  if (mended !== undefined) return await holding(mended, mend)
  throw new SealiftError('USAGE_ANSWERS', `the answers of the site are not enough for this release: ${said(first)}`, {
    why: first.fix,
    fix: `put ${first.pointer.slice(1).replaceAll('/', '.')} into a file, and name it: --answers FILE`,
  })
}

/** The answers that change on top of those that were kept; `null` takes one away, a list replaces a list. */
function merged(kept: Draft, changes: Draft): Draft {
  const result: Record<string, unknown> = { ...kept }
  for (const [key, value] of Object.entries(changes)) {
    const there = result[key]
    if (value === null) delete result[key]
    else result[key] = isGroup(there) && isGroup(value) ? merged(there, value) : value
  }
  return result
}

/** What Secrets hold of the files that answers name, by pointer. */
async function secretFiles(cluster: Cluster, namespace: string): Promise<Record<string, string | undefined>> {
  const [license, tls, registry, database, proxy] = await Promise.all(
    ['license', 'tls', 'registry', 'database', 'proxy'].map((name) =>
      readSecret(cluster, namespace, secretNames[name as keyof typeof secretNames]),
    ),
  )
  return {
    '/license': license?.license,
    '/tls/certFile': tls?.['tls.crt'],
    '/tls/keyFile': tls?.['tls.key'],
    '/tls/caFile': tls?.['ca.crt'],
    '/registry/passwordFile': pullPassword(registry?.['.dockerconfigjson']),
    '/database/passwordFile': database?.password,
    '/database/caFile': database?.['ca.crt'],
    '/proxy/loginFile': proxy?.login && loginOfSecret(proxy.login),
    '/proxy/caFile': proxy?.['ca.crt'],
  }
}

/** The password in the configuration with which nodes pull. */
function pullPassword(config: string | undefined): string | undefined {
  try {
    const { auths } = JSON.parse(config ?? '') as { auths: Record<string, { password?: unknown }> }
    const [first] = Object.values(auths)
    return typeof first?.password === 'string' ? first.password : undefined
  } catch {
    return undefined
  }
}
