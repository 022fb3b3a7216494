import { SealiftError } from '@sealift/bundle-spec/error.ts'
import semver from 'semver'
import type { Cluster } from '../cluster/connection.ts'
import { type HelmStatus, platformRelease } from '../cluster/helm.ts'
import { readHelmHistory } from '../cluster/helm-history.ts'
import { isUnfinished } from '../cluster/helm-record.ts'
import { type Receipt, receiptName } from '../install/receipt.ts'

/** What is installed: the receipt, and what Helm has of it. */
export interface Installed {
  receipt: Receipt
  /** as it stands in the cluster */
  text: string
  helm: HelmStatus
}

/**
 * Reads what is installed in a namespace, and proves that receipt and Helm speak of one release. Changes nothing.
 * @throws SealiftError CLUSTER_NOT_INSTALLED, UPGRADE_RECEIPT where the receipt is missing or was changed, CLUSTER_HELM_BUSY
 */
export async function readInstalled(cluster: Cluster, namespace: string): Promise<Installed> {
  const release = platformRelease(namespace)
  const [map, helm] = await Promise.all([
    cluster.find('read the receipt', () => cluster.core.readNamespacedConfigMap({ namespace, name: receiptName })),
    readHelmHistory(cluster, release),
  ])
  if (helm === undefined)
    throw new SealiftError('CLUSTER_NOT_INSTALLED', `the platform is not in namespace ${namespace}`, {
      why: `${cluster.server} has no release there`,
      fix: 'name the namespace: --namespace NAME; or install: sealift install --headless --answers answers.yaml',
    })
  if (isUnfinished(helm.status))
    throw new SealiftError('CLUSTER_HELM_BUSY', `release ${release.name} is ${helm.status}`, {
      why: 'an installation has not come to its end, or another Helm is at work',
      fix: 'run the installation again: it goes on where it ended',
    })
  const text = map?.data?.['receipt.json']
  const wrong = (why: string) =>
    new SealiftError('UPGRADE_RECEIPT', 'the receipt does not say what is installed', {
      why,
      fix: 'install the release that runs once more, which changes nothing and writes it: sealift install --headless --answers answers.yaml',
    })
  if (text === undefined) throw wrong(`there is no ConfigMap ${receiptName}: the installation was not finished`)
  const receipt = parse(text)
  if (receipt === undefined) throw wrong('it is not a receipt: somebody has changed it')
  const differs = differing(receipt, helm)
  if (differs !== undefined) throw wrong(differs)
  return { receipt, text, helm }
}

function parse(text: string): Receipt | undefined {
  try {
    const receipt = JSON.parse(text) as Receipt
    const { release, images, site } = receipt
    const isWhole =
      typeof release.name === 'string' &&
      semver.valid(release.version) !== null &&
      /^sha256:[0-9a-f]{64}$/.test(release.digest) &&
      Array.isArray(images) &&
      images.every((one) => typeof one.name === 'string' && typeof one.digest === 'string') &&
      typeof site === 'object'
    return isWhole ? receipt : undefined
  } catch {
    return undefined
  }
}

/** Which image runs in another version than the receipt says. */
function differing({ images, release }: Receipt, { values, revision }: HelmStatus): string | undefined {
  const set = (values.images ?? {}) as Record<string, { digest?: unknown } | undefined>
  const other = images.find(({ name, digest }) => set[name]?.digest !== digest)
  return (
    other &&
    `it is of ${release.version} with image ${other.name} ${other.digest.slice(0, 19)}, and revision ${revision} of the chart runs another one`
  )
}
