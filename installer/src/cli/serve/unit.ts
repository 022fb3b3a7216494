import { stat } from 'node:fs/promises'
import { ownProgram } from '../../serve/own-program.ts'
import { serviceState } from '../../serve/state.ts'
import { systemdUnit } from '../../serve/systemd.ts'
import { flagsOf, type ServeArguments } from './flags.ts'

/** The systemd unit that serves what these flags say; `ports` are those that it listens on. @throws SealiftError USAGE_SYSTEMD */
export async function unitOf(args: ServeArguments, ports: readonly number[]): Promise<string> {
  const own = args.plainHttp || args.tlsCert !== undefined
  const bundles = args.bundles.map(async (path) => {
    const info = await stat(path).catch(() => undefined)
    return { path, isDirectory: info?.isDirectory() ?? false }
  })
  return systemdUnit({
    program: ownProgram(),
    bundles: await Promise.all(bundles),
    flags: flagsOf(args),
    state: own ? undefined : (args.state ?? serviceState),
    port: Math.min(...ports.filter((port) => port > 0)),
  })
}
