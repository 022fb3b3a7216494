import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { CompleteAnswers } from '../answers/schema.ts'
import { shellWord } from '../shell-word.ts'

type Served = Pick<CompleteAnswers, 'registry'> & {
  [field in 'bundle' | 'trust' | 'license']?: CompleteAnswers[field] | undefined
}

/** The command that serves the bundle of these answers where they say that a registry answers; what is not answered yet is in capitals. */
export function serveCommand({ bundle = 'BUNDLE', trust, license = 'LICENSE', registry }: Served): string {
  const { address, plainHttp, username, passwordFile } = registry
  const keys = trust?.length ? trust : ['KEY']
  return [
    ...['sealift', 'serve', bundle, '--listen', address.split('/', 1)[0] as string],
    ...keys.flatMap((key) => ['--trust', key]),
    ...['--license', license],
    ...(plainHttp ? ['--plain-http'] : []),
    ...(username === undefined ? [] : ['--username', username]),
    ...(passwordFile === undefined ? [] : ['--password-file', passwordFile]),
  ]
    .map(shellWord)
    .join(' ')
}

/** What it means that a registry does not answer where `sealift serve` is to: nobody has started it. */
export const unserved = (error: unknown, served: Served): unknown =>
  error instanceof SealiftError && error.code === 'REGISTRY_UNREACHABLE' && served.registry.kind === 'serve'
    ? new SealiftError(error.code, error.message, {
        why: error.why,
        fix: `in another terminal, and for as long as nodes may pull: ${serveCommand(served)}; with --systemd it prints a service`,
        cause: error,
      })
    : error
