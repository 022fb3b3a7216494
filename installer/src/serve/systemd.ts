import { dirname, resolve } from 'node:path'
import { type ErrorArea, exitCodes, SealiftError } from '@sealift/bundle-spec/error.ts'
import { credential, quote, sandbox, visible } from '../systemd-words.ts'
import { fileFlags, type ServeFlags, secretFiles } from './flags.ts'
import { serviceState } from './state.ts'

export interface UnitOptions {
  /** the program and what stands before `serve`, absolute paths */
  program: readonly string[]
  bundles: readonly { path: string; isDirectory: boolean }[]
  /** flags with their values, as they were given */
  flags: ServeFlags
  /** directory of CA and certificate; undefined where a certificate is given */
  state: string | undefined
  /** lowest port that it listens on */
  port: number
}

const stateRoot = '/var/lib/'

/** Wrong flags, bundles, licenses and disks don't get better by themselves (systemd.service(5), "RestartPreventExitStatus="). */
const lasting: readonly ErrorArea[] = ['USAGE', 'BUNDLE', 'LICENSE', 'STORAGE']

/**
 * A systemd unit (systemd 247 or newer) that runs `serve` with exactly these flags: as a user of its own without rights,
 * with nothing writable but its state directory. `systemctl reload` loads the bundles anew.
 * @throws SealiftError USAGE_SYSTEMD where the unit could not see a file
 */
export function systemdUnit({ program, bundles, flags, state, port }: UnitOptions): string {
  const credentials: string[] = []
  const readable: string[] = []
  const words = [...program, 'serve']
  for (const word of program) visible(word)
  for (const bundle of bundles) {
    words.push(visible(bundle.path))
    // the directory of a file, not the file: a mount over it would hide one that is renamed over it later
    readable.push(bundle.isDirectory ? resolve(bundle.path) : dirname(resolve(bundle.path)))
  }
  for (const [flag, value] of flags) {
    if (flag === '--state') continue
    words.push(flag)
    if (value === undefined) continue
    if (!fileFlags.has(flag)) words.push(value)
    else if (secretFiles.has(flag)) {
      // systemd hands it over, since the user that it runs as may not read it
      const { line, word } = credential(flag.slice(2), value)
      credentials.push(line)
      words.push(word)
    } else words.push(visible(value))
  }
  if (state !== undefined) {
    const full = resolve(state)
    if (!full.startsWith(stateRoot) || /\s/.test(full))
      throw new SealiftError('USAGE_SYSTEMD', `a service cannot keep its state in ${full}`, {
        why: `systemd makes its state directory below ${stateRoot}, without spaces`,
        fix: `--state ${serviceState}`,
      })
    words.push('--state', full)
  }
  const low = port > 0 && port < 1024
  return `[Unit]
Description=Sealift registry
Documentation=man:systemd.exec(5)
Wants=network-online.target
After=network-online.target
# what ends at each start is given up: systemctl reset-failed, once it is mended
StartLimitIntervalSec=6h
StartLimitBurst=20

[Service]
Type=exec
ExecStart=${words.map(quote).join(' ')}
# loads the bundles anew; a bad one changes nothing
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=5
# wrong flags, bundles, licenses and disks don't get better by themselves
RestartPreventExitStatus=${lasting.map((area) => exitCodes[area]).join(' ')}
TimeoutStopSec=30
LimitNOFILE=8192
${credentials.map((line) => `${line}\n`).join('')}
DynamicUser=yes
UMask=0077
${state === undefined ? '' : `StateDirectory=${resolve(state).slice(stateRoot.length)}\nStateDirectoryMode=0700\n`}${[...new Set(readable.map((path) => `ReadOnlyPaths=${quote(path)}\n`))].join('')}${sandbox}
ProtectProc=invisible
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
CapabilityBoundingSet=${low ? 'CAP_NET_BIND_SERVICE' : ''}
AmbientCapabilities=${low ? 'CAP_NET_BIND_SERVICE' : ''}

[Install]
WantedBy=multi-user.target
`
}
