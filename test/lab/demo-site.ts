import { run } from './command.ts'
import { type Lab, up } from './lab.ts'
import { kubectlBinary } from './tools.ts'

/** The cluster that the demo installs on: the lab, or one of your own. */
export interface Site {
  kubeconfig: string
  /** address at which the nodes reach this machine */
  bastionAddress: string
  /** where the registry is served: the nodes of a cluster of one's own are told to trust it by hand, once */
  registryPort: number
  /** Address of the platform's ingress as this machine reaches it: that of its LoadBalancer Service. */
  ingressAddress(): Promise<string>
  /** whether it was there already */
  reused: boolean
  kubectl(...args: string[]): Promise<string>
  /** One field of a Secret, decoded. */
  secret(namespace: string, name: string, field: string): Promise<string>
  /** Makes the nodes trust a registry by its CA, where the demo is able to. */
  trust(registry: string, caFile: string): Promise<void>
}

export interface SiteOptions {
  /** a cluster of one's own instead of the lab */
  kubeconfig?: string | undefined
  /** address of this machine as the nodes of that cluster see it */
  address?: string | undefined
  /** one that is up, or will be; without it, the unnamed lab is brought up, or used as it is */
  lab?: Lab | Promise<Lab> | undefined
  log: (line: string) => void
}

/** Brings the lab up, or takes the cluster of `kubeconfig`. */
export async function siteOf({ kubeconfig, address, lab: given, log }: SiteOptions): Promise<Site> {
  const mine = () => given ?? up({ log: (line) => log(`  ${line}`) })
  const lab = kubeconfig === undefined ? await mine() : undefined
  const config = lab?.kubeconfig ?? (kubeconfig as string)
  const binary = await kubectlBinary()
  const kubectl = (...args: string[]) => run(binary, [`--kubeconfig=${config}`, '--request-timeout=30s', ...args])
  return {
    kubeconfig: config,
    bastionAddress: lab?.bastionAddress ?? address ?? '127.0.0.1',
    registryPort: lab ? 0 : 5443,
    ingressAddress: () =>
      kubectl('get', 'service', 'cde-ingress', '--namespace=cde', '-o=jsonpath={.status.loadBalancer.ingress[0].ip}'),
    reused: lab?.reused ?? true,
    kubectl,
    secret: async (namespace, name, field) => {
      const path = `-o=jsonpath={.data.${field.replaceAll('.', '\\.')}}`
      return Buffer.from(await kubectl('get', 'secret', name, '--namespace', namespace, path), 'base64').toString()
    },
    async trust(registry, caFile) {
      if (lab) await lab.trust(registry, caFile)
      else log(`  each node must trust ${registry} by ${caFile} (containerd: certs.d/${registry}/hosts.toml)`)
    },
  }
}
