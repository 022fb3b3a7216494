import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { ServeFlags } from '../../serve/flags.ts'

/** What `sealift serve` is given. */
export interface ServeArguments {
  bundles: string[]
  listen: string
  name: string[]
  state?: string | undefined
  tlsCert?: string | undefined
  tlsKey?: string | undefined
  plainHttp: boolean
  username?: string | undefined
  passwordFile?: string | undefined
  tokenAuth: boolean
  metrics?: string | undefined
  trust: string[]
  license: string
}

/** @throws SealiftError USAGE_ARGUMENTS */
export function checkTogether(args: ServeArguments & { systemd: boolean; background: boolean }, host: string): void {
  const wrong = (message: string, fix?: string) => new SealiftError('USAGE_ARGUMENTS', message, { fix })
  if ((args.tlsCert === undefined) !== (args.tlsKey === undefined)) throw wrong('--tls-cert and --tls-key go together')
  if ((args.username === undefined) !== (args.passwordFile === undefined))
    throw wrong('--username and --password-file go together')
  if (args.tokenAuth && args.username === undefined)
    throw wrong('--token-auth needs a login that tokens are given for', 'add --username and --password-file')
  if (args.plainHttp && args.tlsCert !== undefined) throw wrong('--plain-http and --tls-cert exclude each other')
  if (args.plainHttp && args.username !== undefined && !/^(127\.|::1$|localhost$)/.test(host))
    throw wrong('a password would cross the network in the clear', 'listen on 127.0.0.1, or leave --plain-http out')
  if (args.systemd && args.background) throw wrong('--systemd and --background exclude each other')
}

/** The flags as they were given, without `--state`. */
export function flagsOf(args: ServeArguments): ServeFlags {
  const one = (flag: string, value: string | undefined): [string, string][] =>
    value === undefined ? [] : [[flag, value]]
  return [
    ['--listen', args.listen],
    ...args.name.flatMap((name) => one('--name', name)),
    ...args.trust.flatMap((path) => one('--trust', path)),
    ['--license', args.license],
    ...one('--tls-cert', args.tlsCert),
    ...one('--tls-key', args.tlsKey),
    ...(args.plainHttp ? [['--plain-http'] as const] : []),
    ...one('--username', args.username),
    ...one('--password-file', args.passwordFile),
    ...(args.tokenAuth ? [['--token-auth'] as const] : []),
    ...one('--metrics', args.metrics),
  ]
}
