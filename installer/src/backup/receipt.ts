import { SealiftError } from '@sealift/bundle-spec/error.ts'
import type { Cluster } from '../cluster/connection.ts'
import { type Receipt, receiptName } from '../install/receipt.ts'

/** The receipt of an installation, and its text. @throws SealiftError CLUSTER_NO_RECEIPT, CLUSTER_* */
export async function installedReceipt(
  cluster: Cluster,
  namespace: string,
): Promise<{ receipt: Receipt; text: string }> {
  const map = await cluster.find('read the receipt', () =>
    cluster.core.readNamespacedConfigMap({ namespace, name: receiptName }),
  )
  const text = map?.data?.['receipt.json'] ?? ''
  try {
    const receipt = JSON.parse(text) as Receipt
    const { name, version, digest } = receipt.release
    if (![name, version, digest, receipt.site.host].every((one) => typeof one === 'string' && one !== ''))
      throw new Error()
    return { receipt: { ...receipt, release: { name, version, digest } }, text }
  } catch (cause) {
    throw new SealiftError('CLUSTER_NO_RECEIPT', `namespace ${namespace} has no receipt of an installation`, {
      why:
        text === ''
          ? 'nothing is installed there, or its installation has not come to its end'
          : 'somebody has changed it beyond reading',
      fix: 'run the installation again: it changes nothing that is in place, and writes the receipt',
      cause,
    })
  }
}
