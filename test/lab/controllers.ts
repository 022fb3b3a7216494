import { setTimeout as sleep } from 'node:timers/promises'
import { CoreV1Api, type KubernetesListObject, type KubernetesObject, makeInformer } from '@kubernetes/client-node'
import { newKubeConfig } from '@sealift/kubernetes/kube-config.ts'
import { reconcileServices } from './load-balancer.ts'
import { reconcileVolumes } from './storage.ts'

/**
 * The lab's own controllers, a process beside kube-controller-manager that lives as long as the lab:
 * `node controllers.ts KUBECONFIG NODE_ADDRESS VOLUME_DIRECTORY`.
 */
const [kubeconfig, nodeAddress, volumeRoot] = process.argv.slice(2)
if (kubeconfig === undefined || nodeAddress === undefined || volumeRoot === undefined)
  throw new Error('usage: controllers.ts KUBECONFIG NODE_ADDRESS VOLUME_DIRECTORY')

const config = newKubeConfig()
config.loadFromFile(kubeconfig)
const api = config.makeApiClient(CoreV1Api)
const resync = 10_000

let wake = () => {}

/** A cache of all objects at an API path; each change wakes the loop. */
async function watched<T extends KubernetesObject>(path: string, list: () => Promise<KubernetesListObject<T>>) {
  const informer = makeInformer<T>(config, path, list)
  for (const event of ['add', 'update', 'delete'] as const) informer.on(event, () => wake())
  informer.on('error', (error: unknown) => {
    console.log(`watch ${path}: ${error instanceof Error ? error.message : error}`)
    setTimeout(() => void informer.start().catch(() => {}), 1000)
  })
  await informer.start()
  return informer
}

const services = await watched('/api/v1/services', () => api.listServiceForAllNamespaces())
const claims = await watched('/api/v1/persistentvolumeclaims', () => api.listPersistentVolumeClaimForAllNamespaces())
const volumes = await watched('/api/v1/persistentvolumes', () => api.listPersistentVolume())
console.log('watching')

for (;;) {
  const woken = new Promise<void>((resolve) => {
    wake = resolve
  })
  // a conflict with another writer ends at the next round
  for (const work of [
    () => reconcileServices(api, services.list(), nodeAddress),
    () => reconcileVolumes(api, claims.list(), volumes.list(), volumeRoot),
  ])
    await work().catch((error: unknown) => console.log(error instanceof Error ? error.message : error))
  await Promise.race([woken, sleep(resync)])
  // changes come in bursts
  await sleep(50)
}
