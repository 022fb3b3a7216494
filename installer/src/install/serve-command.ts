import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { CompleteAnswers } from '../answers/schema.ts'
import type { ServeFlags } from '../serve/flags.ts'
import { shellWord } from '../shell-word.ts'

/** What answers say of a bundle that is to be served, as far as they do. */
export type Served = Pick<CompleteAnswers, 'registry'> & {
  [field in 'bundle' | 'trust' | 'license']?: CompleteAnswers[field] | undefined
}

/** The flags of `sealift serve` for these answers; what is not answered yet is in capitals. */
export function serveFlags({ trust, license = 'LICENSE', registry }: Served): ServeFlags {
  const { plainHttp, username, passwordFile } = registry
  const keys = trust?.length ? trust : ['KEY']
  return [
    ['--listen', listenedOn(registry)],
    ...keys.map((key) => ['--trust', key] as const),
    ['--license', license],
    ...(plainHttp ? [['--plain-http'] as const] : []),
    ...(username === undefined ? [] : [['--username', username] as const]),
    ...(passwordFile === undefined ? [] : [['--password-file', passwordFile] as const]),
  ]
}

/** HOST:PORT of a registry's address, which may leave out the port of its protocol, and may have a path. */
export function listenedOn({ address, plainHttp }: CompleteAnswers['registry']): string {
  const host = address.split('/', 1)[0] as string
  return /:\d+$/.test(host) ? host : `${host}:${plainHttp ? 80 : 443}`
}

/** The command that serves the bundle of these answers where they say that a registry answers, or prints a service for it. */
export const serveCommand = (served: Served, how: '--background' | '--systemd'): string =>
  [
    ...['sealift', 'serve', served.bundle ?? 'BUNDLE'],
    ...serveFlags(served).flatMap(([flag, value]) => (value === undefined ? [flag] : [flag, value])),
    how,
  ]
    .map(shellWord)
    .join(' ')

/** Makes what is served a service of this machine, which serves again after its restart. */
export const serviceCommand = (served: Served): string =>
  `${serveCommand(served, '--systemd')} > /etc/systemd/system/sealift.service && systemctl daemon-reload && systemctl enable --now sealift`

/** What it means that a registry does not answer where `sealift serve` is to: nobody has started it. */
export const unserved = (error: unknown, served: Served): unknown =>
  error instanceof SealiftError && error.code === 'REGISTRY_UNREACHABLE' && served.registry.kind === 'serve'
    ? new SealiftError(error.code, error.message, {
        why: error.why,
        fix: `${serveCommand(served, '--background')}; with --systemd instead it prints a service, which serves after a restart, too`,
        cause: error,
      })
    : error
