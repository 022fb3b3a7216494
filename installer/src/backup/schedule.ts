import path from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { credential, quote, sandbox, unspecified, visible } from '../systemd-words.ts'

export interface Schedule {
  /** the program and what stands before `backup`, absolute paths */
  program: readonly string[]
  kubeconfig: string
  context?: string | undefined
  namespace: string
  directory: string
  /** when, as systemd.time(7) has it: `daily`, `*-*-* 02:30` */
  calendar: string
  recipients: readonly string[]
  passphraseFile?: string | undefined
  keep?: number | undefined
  keepDays?: number | undefined
}

/** A file for systemd. */
export interface Unit {
  name: string
  text: string
}

/**
 * A timer and a service (systemd 247 or newer) that make a backup, prove it, and remove what no rule keeps. A backup that is missed
 * while the machine is off is made when it is on again. Kubeconfig and passphrase are handed over by systemd.
 * @throws SealiftError USAGE_SYSTEMD where the service could not see a file, or a value is none
 */
export function backupUnits(schedule: Schedule): [service: Unit, timer: Unit] {
  const { program, namespace, context, calendar, recipients, passphraseFile, keep, keepDays } = schedule
  if (!/^[\w*.,:/~ +-]{1,200}$/.test(calendar))
    throw new SealiftError('USAGE_SYSTEMD', `--calendar ${JSON.stringify(calendar)} is no time`, {
      fix: '--calendar daily, or --calendar "*-*-* 02:30"; systemd-analyze calendar TEXT says what it means',
    })
  for (const word of program) visible(word)
  const directory = visible(schedule.directory)
  const kubeconfig = credential('kubeconfig', schedule.kubeconfig)
  const passphrase = passphraseFile === undefined ? undefined : credential('passphrase', passphraseFile)
  const site = [
    '--kubeconfig',
    kubeconfig.word,
    ...(context === undefined ? [] : ['--context', context]),
    '--namespace',
    namespace,
  ]
  const where = [...site, '--directory', directory]
  const protection = [
    ...recipients.flatMap((recipient) => ['--recipient', recipient]),
    ...(passphrase ? ['--passphrase-file', passphrase.word] : []),
  ]
  const rules = [
    ...(keep === undefined ? [] : ['--keep', String(keep)]),
    ...(keepDays === undefined ? [] : ['--keep-days', String(keepDays)]),
  ]
  const commands = [
    [...program, 'backup', 'create', ...where, ...protection],
    ...(rules.length > 0 ? [[...program, 'backup', 'prune', ...where, ...rules]] : []),
  ]
  const base = `sealift-backup-${namespace}`
  const service = `[Unit]
Description=Backup of the platform in namespace ${namespace}
Documentation=man:systemd.exec(5)
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
${commands.map((words) => `ExecStart=${words.map(quote).join(' ')}\n`).join('')}${[kubeconfig, passphrase].map((one) => (one ? `${one.line}\n` : '')).join('')}ReadWritePaths=${unspecified(directory)}
UMask=0077
Nice=10
${sandbox}
CapabilityBoundingSet=
`
  const timer = `[Unit]
Description=Backups of the platform in namespace ${namespace}

[Timer]
OnCalendar=${calendar}
Persistent=yes
RandomizedDelaySec=5min

[Install]
WantedBy=timers.target
`
  return [
    { name: `${base}.service`, text: service },
    { name: `${base}.timer`, text: timer },
  ]
}

/** Where backups are kept by default. */
export const defaultBackups = (environment: NodeJS.ProcessEnv, isRoot: boolean, home: string): string =>
  isRoot
    ? '/var/lib/sealift/backups'
    : path.join(environment.XDG_STATE_HOME ?? path.join(home, '.local', 'state'), 'sealift', 'backups')
