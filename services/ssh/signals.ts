import { constants } from 'node:os'
import type { ServerChannel } from 'ssh2'

/** Signals that SSH has names for (RFC 4254, section 6.10), without SIG. At any other ssh2 throws. */
const named = [
  'ABRT',
  'ALRM',
  'FPE',
  'HUP',
  'ILL',
  'INT',
  'KILL',
  'PIPE',
  'QUIT',
  'SEGV',
  'TERM',
  'USR1',
  'USR2',
] as const

export type SignalName = (typeof named)[number]

/** SSH's name of a signal, given with SIG in front or without; undefined where it has none. */
export function signalName(signal: string): SignalName | undefined {
  const bare = signal.replace(/^SIG/, '')
  return named.find((name) => name === bare)
}

/** How a program ended: its exit status, or the signal that ended it. */
export type End = { code: number } | { signal: string; coreDumped?: boolean; message?: string }

/** What a shell makes of a signal: 128 and its number; 255 where this system has no such signal. */
function statusOf(signal: string): number {
  const numbers: Record<string, number | undefined> = { __proto__: null as never, ...constants.signals }
  const number = numbers[`SIG${signal.replace(/^SIG/, '')}`]
  return number === undefined ? 255 : 128 + number
}

/** Tells the client of a channel how its program ended; a signal without a name in SSH as a shell's status. */
export function sendEnd(channel: ServerChannel, end: End): void {
  if ('code' in end) return void channel.exit(end.code)
  const name = signalName(end.signal)
  if (name === undefined) channel.exit(statusOf(end.signal))
  else channel.exit(name, end.coreDumped ?? false, end.message ?? '')
}
