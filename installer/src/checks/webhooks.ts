import type { Cluster } from '../cluster/connection.ts'
import type { Check } from './check.ts'
import { listed } from './listed.ts'

const base = '/apis/admissionregistration.k8s.io/v1'
const kinds = ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations']

interface Configuration {
  metadata: { name: string }
  webhooks?: {
    name: string
    failurePolicy?: string
    clientConfig: { service?: { namespace: string; name: string } }
  }[]
}

interface Slices {
  items: { endpoints?: { conditions?: { ready?: boolean } }[] }[]
}

export const webhooks: Check = {
  id: 'webhooks',
  title: 'The admission webhooks of the cluster answer',
  protects: 'deploy',
  why: 'One that nobody answers for refuses everything that it is asked about, today or when a pod moves.',
  level: 'warning',
  after: ['api'],
  async run(context) {
    const cluster = context.cluster()
    const lists = await Promise.all(
      kinds.map((kind) =>
        cluster.request(`list ${kind}`, () => cluster.raw<{ items: Configuration[] }>('GET', `${base}/${kind}`)),
      ),
    )
    const strict = lists.flatMap(({ items }) =>
      items.flatMap(({ metadata, webhooks = [] }) =>
        webhooks.flatMap(({ name, failurePolicy, clientConfig: { service } }) =>
          service && failurePolicy !== 'Ignore' ? [{ name, configuration: metadata.name, service }] : [],
        ),
      ),
    )
    const looked = await Promise.all(strict.map(async (one) => ((await isServed(cluster, one.service)) ? [] : [one])))
    const down = looked.flat()
    if (down.length === 0) return { state: 'passed', found: `${strict.length} that may refuse, each with an endpoint` }
    const [first] = down
    return {
      state: 'failed',
      code: 'CLUSTER_WEBHOOK',
      found: listed(
        down.map(({ name, service }) => `${name}: nothing behind service ${service.namespace}/${service.name}`),
      ),
      needed: 'an endpoint that is ready behind each webhook whose failurePolicy is Fail',
      fix: `see what runs it: kubectl${cluster.flags} get pods,endpointslices --namespace ${first?.service.namespace}; if nobody needs it any more, delete ${first?.configuration}`,
    }
  },
}

async function isServed(cluster: Cluster, { namespace, name }: { namespace: string; name: string }): Promise<boolean> {
  const slices = await cluster.find(`read the endpoints of ${namespace}/${name}`, () =>
    cluster.raw<Slices>('GET', `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, {
      query: { labelSelector: `kubernetes.io/service-name=${name}` },
    }),
  )
  return !!slices?.items.some(({ endpoints }) => endpoints?.some(({ conditions }) => conditions?.ready !== false))
}
