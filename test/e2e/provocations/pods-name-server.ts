import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '../../lab/command.ts'
import { inside } from '../../lab/network.ts'
import { dnsAddress } from '../../lab/node.ts'
import type { CheckSite } from './check-site.ts'
import { startNameServer, type Zone } from './name-server.ts'

const namespace = 'kube-system'
const asked = 'who-answers.sealift.test'

/** Lets a name server of the test answer pods, in place of the cluster's own, and waits until it does. */
export async function answerPods(site: CheckSite, undo: AsyncDisposableStack, zone: Zone): Promise<void> {
  const address = site.site.bastionAddress
  const mark = '192.0.2.53'
  const server = await startNameServer((name) => (name === asked ? mark : zone(name)), address, 0)
  undo.defer(server.stop)
  const select = (selector: object) =>
    site.kubectl(
      ...['patch', 'service', 'kube-dns', `--namespace=${namespace}`],
      `--patch=${JSON.stringify({ spec: { selector } })}`,
    )
  undo.defer(async () => void (await select({ 'k8s-app': 'kube-dns', 'sealift.test/nobody': null })))
  await select({ 'k8s-app': null, 'sealift.test/nobody': 'here' })
  const metadata = { namespace, name: 'sealift-test', labels: { 'kubernetes.io/service-name': 'kube-dns' } }
  await site.put(undo, {
    ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata, addressType: 'IPv4' },
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: 'dns', protocol: 'UDP', port: server.port }],
  })
  // ten in a row: the cluster's own is no longer asked in turn
  for (
    let right = 0, end = Date.now() + 30_000;
    right < 10;
    right = (await seenFromNode(site)) === mark ? right + 1 : 0
  ) {
    if (Date.now() > end) throw new Error('pods still ask the name server of the cluster')
    if (right === 0) await sleep(200)
  }
}

async function seenFromNode({ lab }: CheckSite): Promise<string> {
  const program = `const { Resolver } = require('node:dns').promises
const resolver = new Resolver({ timeout: 1000, tries: 1 })
resolver.setServers(['${dnsAddress}'])
resolver.resolve4('${asked}').then(([one]) => console.log(one), () => {})`
  const [command = '', ...args] = inside(lab.networkNamespace, process.execPath, '-e', program)
  return (await run(command, args)).trim()
}
