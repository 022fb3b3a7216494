import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import type { Draft } from '../answers/draft.ts'
import { readDraft } from '../answers/read.ts'
import type { CompleteAnswers } from '../answers/schema.ts'
import type { ClusterAddress } from '../cluster/connection.ts'
import { readSmallText } from '../input/small-file.ts'
import { defaultStateDir } from '../install/open.ts'

/** What a diagnosis is of, as the command line says it. */
export interface Asked {
  answers?: string | undefined
  kubeconfig?: string | undefined
  context?: string | undefined
  namespace?: string | undefined
  state?: string | undefined
}

export interface Target extends ClusterAddress {
  namespace: string
  stateDir: string
  /** the answers file, as it stands; absent where there is none that can be read */
  answers?: { file: string; text: string; draft: Draft }
  /** why the answers could not be read as ones */
  fault?: unknown
}

/**
 * Finds out what is to be diagnosed. Flags win over answers. Answers that are wrong, and other states of the same namespace,
 * are taken as far as they can be: whoever needs a diagnosis may not have anything better.
 * @throws SealiftError USAGE_ANSWERS where the file that was named cannot be read at all
 */
export async function findTarget(asked: Asked): Promise<Target> {
  const read = asked.answers === undefined ? undefined : readAnswersFile(path.resolve(asked.answers))
  const text = (field: string): string | undefined => {
    const value = read?.answers.draft[field]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const kubeconfig = asked.kubeconfig === undefined ? text('kubeconfig') : path.resolve(asked.kubeconfig)
  const context = asked.context ?? text('context')
  const named = asked.namespace ?? text('namespace') ?? 'cde'
  const namespace = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(named) ? named : undefined
  if (namespace === undefined)
    throw new SealiftError('USAGE_ARGUMENTS', `"${named.slice(0, 100)}" is not the name of a namespace`, {
      fix: '--namespace cde',
    })
  const address = { kubeconfig, context, namespace }
  const stateDir = asked.state ?? (await knownState(defaultStateDir(address as CompleteAnswers), namespace))
  return {
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    namespace,
    stateDir: path.resolve(stateDir),
    ...read,
  }
}

function readAnswersFile(file: string): Required<Pick<Target, 'answers'>> & Pick<Target, 'fault'> {
  const text = readSmallText(
    file,
    limits.configuration,
    (why, cause) =>
      new SealiftError('USAGE_ANSWERS', `the answers file ${file} cannot be read`, {
        why,
        fix: `ls -l ${file}; or leave it out: sealift diagnose --namespace cde`,
        cause,
      }),
  )
  try {
    const { draft, faults } = readDraft(text, file)
    const [first] = faults
    return {
      answers: { file, text, draft },
      ...(first && { fault: new SealiftError('USAGE_ANSWERS', `${file}: ${first.pointer}: ${first.message}`) }),
    }
  } catch (fault) {
    return { answers: { file, text, draft: {} }, fault }
  }
}

/** The state directory of this cluster; where there is none, the newest of the namespace: the kubeconfig may have moved. */
async function knownState(wanted: string, namespace: string): Promise<string> {
  if (await stat(wanted).catch(() => undefined)) return wanted
  const base = path.dirname(wanted)
  const names = (await readdir(base).catch(() => [])).filter((name) =>
    /^-[0-9a-f]{12}$/.test(name.slice(namespace.length)),
  )
  const found = await Promise.all(
    names
      .filter((name) => name.startsWith(namespace))
      .map(async (name) => ({ directory: path.join(base, name), at: (await stat(path.join(base, name))).mtimeMs })),
  )
  return found.sort((a, b) => b.at - a.at)[0]?.directory ?? wanted
}
