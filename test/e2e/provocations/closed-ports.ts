import { run } from '../../lab/command.ts'
import { inside } from '../../lab/network.ts'
import { error, type Provocation } from './provocation.ts'

/** A firewall lets nobody to the ports that the cluster gives to services. */
export const closedPorts: Provocation = {
  name: 'closed-ports',
  tells: {
    'ingress-address': error(
      'CLUSTER_INGRESS',
      /:3\d+ does not lead to the pod that stands in for the platform: .*ECONN/,
    ),
  },
  async arrange({ lab, site }, undo) {
    const firewall = async (verb: '-I' | '-D') => {
      const ports = ['-m', 'conntrack', '--ctorigdstport', '30000:32767']
      const rule = ['-s', site.bastionAddress, '-p', 'tcp', ...ports, '-j', 'REJECT', '--reject-with', 'tcp-reset']
      const [command = '', ...args] = inside(lab.networkNamespace, 'iptables', '-w', verb, 'FORWARD', ...rule)
      await run(command, args)
    }
    undo.defer(() => firewall('-D'))
    await firewall('-I')
    return { answers: { serviceType: 'NodePort' } }
  },
}
