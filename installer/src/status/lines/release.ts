import type { StatusContext } from '../context.ts'
import { failed, passed, type StatusLine, warned } from '../line.ts'

const subject = { id: 'release', title: 'Release' }

/** What is installed, since when, from what. */
export async function releaseLines({ release, receipt, cluster, namespace }: StatusContext): Promise<StatusLine[]> {
  const [helm, written] = await Promise.all([release(), receipt()])
  const again = 'run the installation again: it goes on where it ended'
  if (helm === undefined) return [failed(subject, { found: 'Helm has no record of the release', fix: again })]
  if (helm.status !== 'deployed')
    return [failed(subject, { found: `the release is ${helm.status}, revision ${helm.revision}`, fix: again })]
  if (written === undefined)
    return [warned(subject, { found: 'there is no receipt: the installation was not finished', fix: again })]
  const { release: what, bundle, site, installed, accepted } = written
  return [
    passed(subject, `${what?.name} ${what?.version}, installed ${installed}, revision ${helm.revision}`),
    passed({ id: 'bundle', title: 'Bundle' }, `${bundle?.index}, signed by ${bundle?.signedBy}`),
    passed({ id: 'site', title: 'Site' }, `https://${site?.host}/, mode ${site?.mode}, images from ${site?.registry}`),
    accepted?.length
      ? warned(
          { id: 'accepted', title: 'Accepted risks' },
          {
            found: accepted.join(', '),
            fix: `remove them from the answers, where they no longer hold, and install again; see: kubectl${cluster.flags} get configmap sealift-receipt --namespace ${namespace} --output yaml`,
          },
        )
      : passed({ id: 'accepted', title: 'Accepted risks' }, 'none'),
  ]
}
