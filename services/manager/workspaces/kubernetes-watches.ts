import {
  AppsV1Api,
  CoreV1Api,
  type KubeConfig,
  type KubernetesListObject,
  type KubernetesObject,
} from '@kubernetes/client-node'
import type { FastifyBaseLogger } from 'fastify'
import { watchObjects } from './kubernetes-watch.ts'
import { workspaceSelector } from './objects.ts'

type Heard = (id: string, gone: boolean) => void
type Options = {
  config: KubeConfig
  namespace: string
  log: Pick<FastifyBaseLogger, 'warn'>
  /** What is called for each kind; `gone`: an object of this workspace is not there any more. */
  heard: { deployments: Heard; pods: Heard; others: Heard }
}

/** Watches each kind of object that workspaces are made of. */
export function watchAll({ config, namespace, log, heard }: Options) {
  const core = config.makeApiClient(CoreV1Api)
  const apps = config.makeApiClient(AppsV1Api)
  const where = { namespace, labelSelector: workspaceSelector }
  const watch = <T extends KubernetesObject>(
    path: string,
    list: () => Promise<KubernetesListObject<T>>,
    changed: Heard,
  ) => watchObjects<T>({ config, path, list, changed, log })
  const v1 = `/api/v1/namespaces/${namespace}`
  const { deployments, pods, others } = heard
  return {
    deployments: watch(
      `/apis/apps/v1/namespaces/${namespace}/deployments`,
      () => apps.listNamespacedDeployment(where),
      deployments,
    ),
    pods: watch(`${v1}/pods`, () => core.listNamespacedPod(where), pods),
    services: watch(`${v1}/services`, () => core.listNamespacedService(where), others),
    accounts: watch(`${v1}/serviceaccounts`, () => core.listNamespacedServiceAccount(where), others),
    claims: watch(`${v1}/persistentvolumeclaims`, () => core.listNamespacedPersistentVolumeClaim(where), others),
  }
}
