import { test } from 'node:test'
import { apiPorts } from '../../../../installer/src/checks/api-ports.ts'
import { assertFound, site } from './site.ts'

const policy = (component: string, ...egress: object[]) => ({
  ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' },
  spec: {
    podSelector: { matchLabels: { 'app.kubernetes.io/component': component } },
    egress,
  },
})
const at = (...ports: number[]) => ({ ports: ports.map((port) => ({ protocol: 'TCP', port })) })
const anywhere = { to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['169.254.169.254/32'] } }] }
const ingress = { to: [{ podSelector: { matchLabels: { 'app.kubernetes.io/component': 'ingress' } } }] }

test('an API server that listens where the policies of the manager do not lead is warned of', async (t) => {
  const rules = [
    { ...anywhere, ...at(443, 6443) },
    { ...ingress, ...at(8443) },
  ]
  const objects = async () => [policy('manager', ...rules), policy('workspace', at(8443))]
  const { look, answers, context } = await site(t, {}, { objects })
  const listening = (...ports: number[]) =>
    answers.set('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
      items: [{ endpoints: [{ addresses: ['10.1.0.1'] }], ports: ports.map((port) => ({ port })) }],
    })
  listening(6443)
  assertFound(await look(apiPorts), 'passed', /^port 6443$/)
  listening(8443)
  // a port of the ingress's pods, which says nothing about the API
  const found = /listens at 10\.1\.0\.1, port 8443; policies let the manager go there at 443, 6443$/
  assertFound(await look(apiPorts), 'warning', found, 'CLUSTER_POD_API')
  const limited = async (...egress: object[]) => {
    Object.assign(context, { objects: async () => [policy('manager', ...egress)] })
    return await look(apiPorts)
  }
  const elsewhere = { to: [{ ipBlock: { cidr: '192.0.2.0/24' } }], ...at(8443) }
  assertFound(await limited(elsewhere), 'warning', /policies let the manager go there at no port$/)
  const but = { to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.1.0.0/16'] } }] }
  assertFound(await limited(but), 'warning', /at no port$/)
  assertFound(await limited({}), 'passed', /^port 8443$/)
  listening()
  assertFound(await look(apiPorts), 'skipped', /does not tell/)
  assertFound(await (await site(t)).look(apiPorts), 'skipped', /no policy for the manager/)
})
