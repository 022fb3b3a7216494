import { resolve } from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'

const hidden = /^\/(home|root|tmp|var\/tmp|run\/user)(\/|$)/

/** The full path of what a service of ours has to see. @throws SealiftError USAGE_SYSTEMD where it could not */
export function visible(path: string): string {
  const full = resolve(path)
  if (hidden.test(full))
    throw new SealiftError('USAGE_SYSTEMD', `a service does not see ${full}`, {
      why: 'the unit hides home directories and /tmp, and runs as a user without rights to them',
      fix: 'keep it below /srv, /opt, /etc or /var/lib',
    })
  return full
}

/** What systemd hands over, since the user that a service runs as may not read it: the line of the unit, and the word for it. */
export const credential = (name: string, path: string): { line: string; word: string } => ({
  line: `LoadCredential=${name}:${unspecified(resolve(path))}`,
  word: `\${CREDENTIALS_DIRECTORY}/${name}`,
})

/** `%` begins a specifier everywhere (systemd.unit(5), "Specifiers"). */
export const unspecified = (text: string): string => text.replaceAll('%', '%%')

/** One word of a command line (systemd.service(5), "Command lines"); only the one variable of ours is filled in. */
export function quote(word: string): string {
  if (/[\n\0]/.test(word)) throw new SealiftError('USAGE_SYSTEMD', 'a flag holds a line break')
  const own = `\${CREDENTIALS_DIRECTORY}`
  const [head, tail] = word.startsWith(own) ? [own, word.slice(own.length)] : ['', word]
  const text = head + unspecified(tail).replaceAll('$', '$$$$')
  return /^[\w@%+=:,./${}-]+$/.test(text) ? text : `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

/** What no service of ours may see or do (systemd.exec(5), "Sandboxing"). */
export const sandbox = `ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
NoNewPrivileges=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native`
