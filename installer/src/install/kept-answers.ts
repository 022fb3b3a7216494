import { gunzipSync, gzipSync } from 'node:zlib'
import type { Allowlist } from '@sealift/bundle-spec/allowlist.ts'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import { readAllowlist } from '../allowlist/read.ts'
import { withPaths } from '../answers/complete.ts'
import type { Draft } from '../answers/draft.ts'
import { fieldAt } from '../answers/field.ts'
import { readDraft } from '../answers/read.ts'
import type { CompleteAnswers } from '../answers/schema.ts'
import { writeAnswers, writeAnswersRemarked } from '../answers/write.ts'
import { applyConfigMap } from '../cluster/apply.ts'
import type { Cluster } from '../cluster/connection.ts'
import { small } from './small-file.ts'

/** Name of the ConfigMap. */
export const answersName = 'sealift-answers'
const key = 'answers.yaml'
const filesKey = 'files.json'
const allowlistKey = 'allowlist.json.gz'

/** What the namespace keeps of an installation's answers. */
export interface KeptAnswers {
  /** paths in it are those of the machine that installed */
  draft: Draft
  /** the text of files that are no secret, by pointer: keys of the vendor, CAs, the certificate */
  files: Readonly<Record<string, string>>
}

/**
 * Keeps the answers of an installation in its namespace, with the files that they name and that are no secret, so that the
 * next one finds them from another machine. Secrets are kept as Secrets.
 */
export const keepAnswers = (cluster: Cluster, answers: CompleteAnswers, allowlist: Allowlist): Promise<void> =>
  applyConfigMap(cluster, answers.namespace, answersName, {
    [key]: writeAnswers(answers),
    [filesKey]: JSON.stringify(publicFiles(answers)),
    ...packed(allowlist),
  })

/** characters of a list that is kept: a ConfigMap holds 1 MiB, and the record of an upgrade has the list too */
const mostKept = 400_000

/** In base64, since what is text stays text from here to the record of an upgrade. */
function packed(list: Allowlist): Record<string, string> {
  const text = gzipSync(JSON.stringify(list)).toString('base64')
  return text.length > mostKept ? {} : { [allowlistKey]: text }
}

/** Large, secret, or of the machine alone. */
const notKept = ['/bundle', '/license', '/kubeconfig']

function publicFiles(answers: CompleteAnswers): KeptAnswers['files'] {
  const files: Record<string, string> = {}
  withPaths(answers, (file, keys) => {
    const pointer = `/${keys.join('/')}`
    const text = notKept.includes(pointer) || fieldAt(pointer)?.secret ? undefined : textIn(file, keys.join('.'))
    if (text !== undefined) files[pointer] = text
    return file
  })
  return files
}

/**
 * Reads what `keepAnswers` has kept.
 * @throws SealiftError CLUSTER_NO_ANSWERS, USAGE_ANSWERS where somebody has changed them beyond reading, CLUSTER_*
 */
export async function readKeptAnswers(cluster: Cluster, namespace: string): Promise<KeptAnswers> {
  const data = await readData(cluster, namespace)
  return { draft: readDraft(data[key], `/ConfigMap ${answersName}`).draft, files: readFiles(data[filesKey]) }
}

/**
 * The allowlist of what is installed. Undefined where none is kept: it is too long, an older installer has installed it, or
 * somebody has changed it.
 * @throws SealiftError CLUSTER_NO_ANSWERS, CLUSTER_*
 */
export async function readKeptAllowlist(cluster: Cluster, namespace: string): Promise<Allowlist | undefined> {
  const { [allowlistKey]: text } = await readData(cluster, namespace)
  if (text === undefined) return undefined
  try {
    return readAllowlist(gunzipSync(Buffer.from(text, 'base64'), { maxOutputLength: limits.allowlist }), answersName)
  } catch {
    return undefined
  }
}

/** The same as the texts that were written. */
export interface AnswersText {
  answers: string
  files?: string
  allowlist?: string
}

/** Reads them. @throws SealiftError CLUSTER_NO_ANSWERS, CLUSTER_* */
export async function readAnswersText(cluster: Cluster, namespace: string): Promise<AnswersText> {
  const { [key]: answers, [filesKey]: files, [allowlistKey]: allowlist } = await readData(cluster, namespace)
  return { answers, ...(files === undefined ? {} : { files }), ...(allowlist === undefined ? {} : { allowlist }) }
}

/** Keeps them again. */
export const keepAnswersText = (
  cluster: Cluster,
  namespace: string,
  { answers, files, allowlist }: AnswersText,
): Promise<void> =>
  applyConfigMap(cluster, namespace, answersName, {
    [key]: answers,
    ...(files === undefined ? {} : { [filesKey]: files }),
    ...(allowlist === undefined ? {} : { [allowlistKey]: allowlist }),
  })

type Data = { [key]: string; [filesKey]?: string; [allowlistKey]?: string }

async function readData(cluster: Cluster, namespace: string): Promise<Data> {
  const map = await cluster.find('read the answers of the installation', () =>
    cluster.core.readNamespacedConfigMap({ namespace, name: answersName }),
  )
  const { [key]: text, ...more } = map?.data ?? {}
  if (text !== undefined) return { ...more, [key]: text }
  throw new SealiftError('CLUSTER_NO_ANSWERS', `namespace ${namespace} has no answers of an installation`, {
    why: 'nothing is installed there, or its installation has not come to its end',
    fix: `look for it: kubectl${cluster.flags} get configmaps --all-namespaces --field-selector metadata.name=${answersName}`,
  })
}

/** One that is gone by now is named anew when it is needed. */
function textIn(file: string, field: string): string | undefined {
  try {
    return small(file, field)
  } catch {
    return undefined
  }
}

function readFiles(text = '{}'): KeptAnswers['files'] {
  try {
    const files = Object.entries(JSON.parse(text) as object)
    return Object.fromEntries(files.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
  } catch {
    return {}
  }
}

/**
 * The answers that a site was installed with, as the text of an answers file in which each path says that it was another
 * machine's.
 * @throws SealiftError CLUSTER_NO_ANSWERS, USAGE_ANSWERS, CLUSTER_*
 */
export const keptAnswers = async (cluster: Cluster, namespace: string): Promise<string> =>
  writeAnswersRemarked((await readKeptAnswers(cluster, namespace)).draft, 'on the machine that installed: name it anew')
