import path from 'node:path'
import type { Options } from 'yargs'
import { readAnswers } from '../answers/read.ts'
import { shellWord } from '../shell-word.ts'

/** Flags that say which installation is meant. */
export const site = {
  answers: {
    type: 'string',
    requiresArg: true,
    describe: 'answers file of the installation; its kubeconfig, context and namespace count',
  },
  kubeconfig: {
    type: 'string',
    requiresArg: true,
    describe: 'how to reach the cluster (default: $KUBECONFIG, ~/.kube/config)',
  },
  context: { type: 'string', requiresArg: true, describe: 'context of the kubeconfig' },
  namespace: { type: 'string', requiresArg: true, describe: 'namespace of the installation (default: cde)' },
} as const satisfies Record<string, Options>

export interface SiteArguments {
  answers?: string | undefined
  kubeconfig?: string | undefined
  context?: string | undefined
  namespace?: string | undefined
}

/** Where an installation is. */
export interface Site {
  kubeconfig?: string | undefined
  context?: string | undefined
  namespace: string
}

/**
 * Which installation flags mean; what a flag says itself counts more than the answers, which may be given read already.
 * @throws SealiftError USAGE_ANSWERS
 */
export function siteOf({ answers, kubeconfig, context, namespace }: SiteArguments, read?: Partial<Site>): Site {
  const answered: Partial<Site> = read ?? (answers === undefined ? {} : readAnswers(answers))
  return {
    kubeconfig: kubeconfig === undefined ? answered.kubeconfig : path.resolve(kubeconfig),
    context: context ?? answered.context,
    namespace: namespace ?? answered.namespace ?? 'cde',
  }
}

/** The same as flags, for a command that is shown. */
export function siteFlags({ answers, kubeconfig, context, namespace }: SiteArguments): string {
  const words = Object.entries({ answers, kubeconfig, context, namespace })
  return words.flatMap(([name, value]) => (value === undefined ? [] : [` --${name} ${shellWord(value)}`])).join('')
}
