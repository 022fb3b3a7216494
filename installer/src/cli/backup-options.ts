import { homedir } from 'node:os'
import path from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import type { Options } from 'yargs'
import type { Key, Protection } from '../backup/file/seal.ts'
import { defaultBackups } from '../backup/schedule.ts'
import { readSmallText } from '../input/small-file.ts'

const text = { type: 'string', requiresArg: true } as const

/** Where backups are, on this machine. */
export const directory = {
  directory: {
    ...text,
    describe:
      'where backups are kept (default: /var/lib/sealift/backups, of others than root ~/.local/state/sealift/backups)',
  },
} as const satisfies Record<string, Options>

export const directoryOf = ({ directory: given }: { directory?: string | undefined }): string =>
  given === undefined ? defaultBackups(process.env, process.getuid?.() === 0, homedir()) : path.resolve(given)

const passphrase = {
  'passphrase-file': { ...text, describe: 'file with the passphrase (or SEALIFT_BACKUP_PASSPHRASE)' },
} as const satisfies Record<string, Options>

/** Who can read a new backup. */
export const protection = {
  recipient: {
    ...text,
    array: true,
    default: [],
    describe: 'age recipient that it is encrypted for: age1… (repeatable)',
  },
  'recipients-file': { ...text, describe: 'file with one age recipient a line' },
  ...passphrase,
} as const satisfies Record<string, Options>

/** What opens an encrypted one. */
export const key = {
  identity: { ...text, describe: 'file with the age identity that opens an encrypted one' },
  ...passphrase,
} as const satisfies Record<string, Options>

export const image = {
  image: { ...text, describe: "image of PostgreSQL for the proof, by digest (default: the installation's)" },
} as const satisfies Record<string, Options>

interface PassphraseArguments {
  passphraseFile?: string | undefined
}

/** @throws SealiftError USAGE_BACKUP_KEY */
export function protectionOf({
  recipient,
  recipientsFile,
  ...given
}: PassphraseArguments & { recipient: readonly string[]; recipientsFile?: string | undefined }):
  | Protection
  | undefined {
  const recipients = [...recipient, ...(recipientsFile === undefined ? [] : keyLines(recipientsFile))]
  if (recipients.length === 0) {
    const word = passphraseOf(given)
    return word === undefined ? undefined : { passphrase: word }
  }
  if (given.passphraseFile !== undefined)
    throw new SealiftError('USAGE_BACKUP_KEY', 'a backup is for recipients, or has a passphrase: not both', {
      fix: 'leave --passphrase-file out, or the recipients',
    })
  return { recipients }
}

/** @throws SealiftError USAGE_BACKUP_KEY */
export function keyOf({
  identity,
  ...given
}: PassphraseArguments & { identity?: string | undefined }): Key | undefined {
  if (identity !== undefined) return { identities: keyLines(identity) }
  const word = passphraseOf(given)
  return word === undefined ? undefined : { passphrase: word }
}

function passphraseOf({ passphraseFile }: PassphraseArguments): string | undefined {
  const word = passphraseFile === undefined ? process.env.SEALIFT_BACKUP_PASSPHRASE : small(passphraseFile)
  if (word === undefined) return undefined
  const line = word.replace(/\r?\n$/, '')
  if (line !== '' && !/[\r\n]/.test(line)) return line
  throw new SealiftError('USAGE_BACKUP_KEY', `${passphraseFile ?? 'SEALIFT_BACKUP_PASSPHRASE'} is no passphrase`, {
    why: 'one is a single line that is not empty',
    fix: 'write it to a file that only you read: --passphrase-file FILE',
  })
}

/** Lines of a file of age: comments begin with #. */
function keyLines(file: string): string[] {
  const lines = small(file)
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  if (lines.length > 0) return lines
  throw new SealiftError('USAGE_BACKUP_KEY', `${file} holds no key`, { fix: `age-keygen -o ${file}` })
}

const small = (file: string): string =>
  readSmallText(
    file,
    limits.smallFile,
    (why, cause) => new SealiftError('USAGE_BACKUP_KEY', `${file} cannot be read`, { why, cause }),
  )
