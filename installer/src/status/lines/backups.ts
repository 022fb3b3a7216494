import { daysUntil, minute } from '../../amounts.ts'
import { knownBackups } from '../../backup/known.ts'
import type { StatusContext } from '../context.ts'
import { passed, type StatusLine, warned } from '../line.ts'

const subject = { id: 'backups', title: 'Backups' }
/** days after which the newest one is old */
const old = 8

/** How old the newest backup is, whether it was proven, and where it lies. */
export async function backupLines({ cluster, namespace }: StatusContext): Promise<StatusLine[]> {
  const known = await knownBackups({ cluster, namespace })
  const newest = known.at(-1)
  if (newest === undefined)
    return [
      warned(subject, {
        found: 'none: what people have done would be lost with the database volume',
        fix: 'make one: sealift backup create; or one each night: sealift backup schedule',
      }),
    ]
  const { created, proven, machine, path } = newest
  const found = `${known.length} known, the newest of ${minute(new Date(created))}${proven === undefined ? ', not proven' : ', proven'}, ${path} on ${machine}`
  if (daysUntil(new Date(created)) < -old)
    return [warned(subject, { found, fix: 'make one each night: sealift backup schedule' })]
  return proven === undefined
    ? [warned(subject, { found, fix: `prove that it restores: sealift backup verify ${path} --prove` })]
    : [passed(subject, found)]
}
