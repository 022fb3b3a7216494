import { workspacesElsewhere } from '../../cluster/workspaces-elsewhere.ts'
import type { StatusContext } from '../context.ts'
import { passed, type StatusLine, unknown, warned } from '../line.ts'

const subject = { id: 'workspace-images', title: 'Images of workspaces' }
/** Most that are named. */
const most = 5

/** Which workspaces run from a registry that was the site's before: no other node may be able to pull their images. */
export async function workspaceImageLines({ cluster, namespace, receipt }: StatusContext): Promise<StatusLine[]> {
  const registry = (await receipt())?.site?.registry
  if (!registry) return [unknown(subject, 'no receipt says which registry the site has')]
  const left = (await workspacesElsewhere(cluster, namespace, registry)).filter(({ follows }) => follows)
  const [first] = left
  if (first === undefined) return [passed(subject, `those of the release come from ${registry}`)]
  const names = left.slice(0, most).map(({ name }) => name)
  const more = left.length > most ? ` and ${left.length - most} more` : ''
  return [
    warned(subject, {
      found: `${left.length} still run from another registry than ${registry}, such as ${first.image}: ${names.join(', ')}${more}`,
      fix: 'have their owners stop and start them (in the dashboard); they follow at their next start, and may not come up on another node before',
    }),
  ]
}
