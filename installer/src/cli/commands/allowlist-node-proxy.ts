import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { runtimeNames } from '../../allowlist/node-proxy.ts'
import { defineCommand } from '../command.ts'
import { interruption } from '../signals.ts'

export const allowlistNodeProxy = defineCommand({
  command: 'node-proxy',
  describe: 'print what the container runtime of nodes needs to pull images through the proxy',
  builder: (yargs) =>
    yargs
      .options({
        answers: {
          type: 'string',
          requiresArg: true,
          demandOption: true,
          describe: 'answers file of the installation: its proxy, its registry, its cluster',
        },
        for: { choices: runtimeNames, default: 'containerd' as const, describe: 'what runs containers on the node' },
      })
      .example('$0 allowlist node-proxy --answers answers.yaml --for crio', 'a drop-in for systemd')
      .epilogue(
        'Whom it reaches without the proxy is computed: ranges of pods and services, nodes, the registry of the site.',
      ),
  handler: async ({ answers: file, for: runtime }) => {
    const { readAnswers } = await import('../../answers/read.ts')
    const { connectCluster } = await import('../../cluster/connection.ts')
    const { clusterNetworks } = await import('../../cluster/cluster-networks.ts')
    const { nodesExempt } = await import('../../allowlist/exempt.ts')
    const { nodeProxy } = await import('../../allowlist/node-proxy.ts')
    const answers = readAnswers(file)
    const { http, https, loginFile } = answers.proxy ?? {}
    if (http === undefined && https === undefined)
      throw new SealiftError('USAGE_PROXY', 'the answers name no proxy', {
        fix: 'in the answers, proxy: {http: "http://HOST:PORT", https: "http://HOST:PORT"}',
      })
    const cluster = connectCluster(answers, interruption())
    const { items } = await cluster.request('list nodes', () => cluster.core.listNode({ limit: 1000 }))
    const networks = await clusterNetworks(cluster, items)
    const exempt = nodesExempt({ answers }, networks)
    process.stdout.write(nodeProxy(runtime, { http, https, exempt, login: loginFile !== undefined }))
    if (!networks.wholeServices)
      process.stderr.write(
        'this Kubernetes does not tell the range of services: add it to NO_PROXY (--service-cluster-ip-range)\n',
      )
  },
})
