import { test } from 'node:test'
import { apiPorts } from '../../../../installer/src/checks/api-ports.ts'
import { assertFound, site } from './site.ts'

const policy = (component: string, ...ports: number[]) => ({
  ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' },
  spec: {
    podSelector: { matchLabels: { 'app.kubernetes.io/component': component } },
    egress: [{ ports: ports.map((port) => ({ protocol: 'TCP', port })) }, {}],
  },
})

test('an API server that listens where the policies of the manager do not lead is warned of', async (t) => {
  const objects = async () => [policy('manager', 443, 6443), policy('workspace', 8443)]
  const { look, answers } = await site(t, {}, { objects })
  const listening = (...ports: number[]) =>
    answers.set('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
      items: [{ ports: ports.map((port) => ({ port })) }],
    })
  listening(6443)
  assertFound(await look(apiPorts), 'passed', /^port 6443$/)
  listening(8443)
  const found = /listens at port 8443; policies let the manager go to 443, 6443/
  assertFound(await look(apiPorts), 'warning', found, 'CLUSTER_POD_API')
  listening()
  assertFound(await look(apiPorts), 'skipped', /does not tell/)
  assertFound(await (await site(t)).look(apiPorts), 'skipped', /no policy for the manager/)
})
