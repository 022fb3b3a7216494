import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where a service keeps its CA and certificate: systemd makes state directories below /var/lib. */
export const serviceState = '/var/lib/sealift/serve'

/** Where `serve` keeps its CA and certificate: in one place of the machine, so that nodes trust the next one, too. */
export const defaultServeState = (env: NodeJS.ProcessEnv = process.env): string =>
  process.getuid?.() === 0
    ? serviceState
    : join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'sealift', 'serve')
