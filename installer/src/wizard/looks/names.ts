import type { Draft } from '../../answers/draft.ts'
import type { CompleteAnswers } from '../../answers/schema.ts'
import { addressesOf } from '../../install/addresses-of.ts'
import { type Lookout, needed, text } from './look.ts'

/** milliseconds that the cluster has to say where its ingress is: the names are what matters here */
const patience = 4000

/** a label below the host of dev URLs that nobody has given to anything */
const below = 'sealift-look'

/** The names, as this machine resolves them. A name that has no address is no fault yet: DNS may follow. */
export const namesLookout: Lookout = {
  reads: ['/host', '/devUrlsHost', '/editorsHost', '/kubeconfig', '/context', '/namespace'],
  async run({ draft, signal, fact }) {
    const ingress = ingressOf(draft, signal)
    const host = needed(draft, '/host')
    const devUrls = text(draft, '/devUrlsHost')
    const names = [host, devUrls && `${below}.${devUrls}`, text(draft, '/editorsHost')].filter(
      (name) => name !== undefined,
    )
    const found = await Promise.all(names.map((name) => addressesOf(name)))
    signal.throwIfAborted()
    for (const [i, name] of names.entries()) {
      const shown = name.startsWith(`${below}.`) ? `*.${devUrls}` : name
      fact(shown, found[i]?.join(', ') || 'has no address here: an entry in DNS is needed', found[i]?.length === 0)
    }
    const [first, ...others] = found
    if (first?.length && others.some((one) => one.length > 0 && !one.some((address) => first.includes(address))))
      fact('Together', 'the names lead to different addresses; all of them belong to the ingress', true)
    const address = await ingress
    if (address === undefined || !first?.length) return
    const leads = first.includes(address) || (await addressesOf(address)).some((one) => first.includes(one))
    fact(
      'Ingress',
      leads
        ? `${address}: the name leads there`
        : `is at ${address}; the name leads elsewhere, which is right only where a proxy stands in front`,
      !leads,
    )
  },
}

/** Where the ingress of an earlier installation is, if the cluster says so soon; before the first one there is none. */
async function ingressOf(draft: Draft, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { connectCluster } = await import('../../cluster/connection.ts')
    const { ingressAddress } = await import('../../install/ingress-address.ts')
    const site = { kubeconfig: text(draft, '/kubeconfig'), context: text(draft, '/context') }
    const cluster = connectCluster(site, AbortSignal.any([signal, AbortSignal.timeout(patience)]))
    const [namespace, host] = [text(draft, '/namespace') ?? 'cde', needed(draft, '/host')]
    const found = await ingressAddress(cluster, { namespace, host } as CompleteAnswers)
    return found?.address === host ? undefined : found?.address
  } catch {
    return undefined
  }
}
