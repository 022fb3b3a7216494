import { type Contestant, programOf, words } from './contestant.ts'
import { type ReleaseFiles, vendorHost } from './release.ts'

export interface OursContext {
  /** the executable, or the script of the command line interface of another checkout, which is compared with it */
  cli: string
  files: ReleaseFiles
  caFile: string
}

/** A command line of sealift, as users run it. */
export const sealiftCommand = (cli: string, ...args: string[]): string => words(...programOf(cli), ...args)

/** Ours: one signed bundle, verified before it is seeded. */
export function sealiftContestant({ cli, files, caFile }: OursContext): Contestant {
  return {
    name: 'sealift',
    version: cli,
    build: (host) =>
      `${sealiftCommand(cli, 'bundle', 'build', files.release, `--key=${files.signingKey}`, `--license=${files.license}`, `--license-key=${files.licenseKey}`, `--mirror=${vendorHost}=${host}`, `--registry-ca=${caFile}`, `--file=helm=${files.helm}`)} --out="$OUT/bench.bundle"`,
    seed: (host) =>
      `${sealiftCommand(cli, 'seed')} "$IN/bench.bundle" ${words(`--to=${host}`, `--trust=${files.trust}`, `--license=${files.license}`, `--registry-ca=${caFile}`)}`,
    help: sealiftCommand(cli, '--help'),
    note: 'build also signs, renders the chart and proves coverage, and syncs to disk; seed also hashes all bytes and reads every name back',
  }
}

/** `sealift bundle verify` of what it built. */
export const verifyScript = ({ cli, files }: OursContext): string =>
  `${sealiftCommand(cli, 'bundle', 'verify')} "$IN/bench.bundle" ${words(`--trust=${files.trust}`)}`
