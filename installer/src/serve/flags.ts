import { resolve } from 'node:path'

/** Flags of `sealift serve` with their values, in the order of a command line. */
export type ServeFlags = readonly (readonly [flag: string, value?: string])[]

/** Flags whose files may be readable by root only. */
export const secretFiles: ReadonlySet<string> = new Set(['--license', '--password-file', '--tls-cert', '--tls-key'])
/** Flags that name files. */
export const fileFlags: ReadonlySet<string> = new Set([...secretFiles, '--trust'])

/** The words behind `sealift serve` that mean the same from every directory. */
export const serveWords = (bundles: readonly string[], flags: ServeFlags): string[] => [
  ...bundles.map((path) => resolve(path)),
  ...flags.flatMap(([flag, value]) =>
    value === undefined ? [flag] : [`${flag}=${fileFlags.has(flag) ? resolve(value) : value}`],
  ),
]
