/**
 * Every failure that a person can cause or meet has a code. The part before the first underscore is its area, and the
 * area decides the process's exit code, so scripts can branch on either. docs/errors.md explains each code.
 */
export const exitCodes = {
  /** a defect of Sealift itself */ INTERNAL: 1,
  /** wrong words, flags, answers or files given */ USAGE: 2,
  /** the bundle is missing, damaged, unsigned or not trusted */ BUNDLE: 3,
  /** the license does not allow it */ LICENSE: 4,
  /** a registry failed, refused or lied */ REGISTRY: 5,
  /** Kubernetes or Helm failed or refused */ CLUSTER: 6,
  /** a local disk is full or refuses */ STORAGE: 7,
  /** the release description cannot be built as it stands */ BUILD: 8,
  /** another face of the installation, or the way to its session, is in the way */ SESSION: 9,
  /** a backup is damaged, locked or not for this site, or does not restore */ BACKUP: 10,
  /** an upgrade cannot go this way, is under way already, or has come back */ UPGRADE: 11,
} as const

export type ErrorArea = keyof typeof exitCodes
export type ErrorCode = `${ErrorArea}_${string}`

/** Exit code of `sealift upgrade --plan` where nothing would be done. */
export const nothingToDoExitCode = 12

/** Exit code of a process that a signal (Ctrl-C) ended: 128 + SIGINT, as shells count. */
export const interruptedExitCode = 130

/**
 * A failure with a code: `message` says what happened, `why` the reason where it is known, `fix` the exact command or
 * change that helps. None of the three may hold a secret.
 */
export class SealiftError extends Error {
  readonly code: ErrorCode
  readonly why: string | undefined
  readonly fix: string | undefined

  constructor(
    code: ErrorCode,
    message: string,
    details: { why?: string | undefined; fix?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? {} : { cause: details.cause })
    this.name = 'SealiftError'
    this.code = code
    this.why = details.why
    this.fix = details.fix
  }

  /** The exit code that the CLI ends with for this failure. */
  get exitCode(): number {
    return exitCodes[this.code.slice(0, this.code.indexOf('_')) as ErrorArea]
  }
}
