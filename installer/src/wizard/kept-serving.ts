import type { Draft } from '../answers/draft.ts'
import { listenedOn, serviceCommand } from '../install/serve-command.ts'
import { servedIn } from './served.ts'

/**
 * What has to serve for as long as the platform is used, and the command that makes it a service; undefined where a
 * registry of the site does. `pid` is the process that serves, where that is known.
 */
export function keptServing(draft: Draft, pid?: number): { words: string; command: string } | undefined {
  const served = servedIn(draft)
  if (served === undefined) return undefined
  const at = listenedOn(served.registry)
  const port = at.slice(at.lastIndexOf(':') + 1)
  const end = pid === undefined ? `ss -ltnp 'sport = :${port}' shows it` : `kill ${pid}`
  return {
    words: `The nodes fetch programs from ${served.registry.address} for as long as the platform is used: sealift serve has to run there, and the bundle to stay where it is. A restart of that machine ends it, unless it is a service. This makes it one, as root, when the process that serves now was ended (${end}):`,
    command: serviceCommand(served),
  }
}
