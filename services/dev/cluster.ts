import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ApiException, AppsV1Api, CoreV1Api, type KubeConfig } from '@kubernetes/client-node'
import { newKubeConfig } from '@sealift/kubernetes/kube-config.ts'
import { inTime } from '../time-limit.ts'

/** A cluster that workspaces can start in; or why there is none. */
export type Cluster =
  | { found: true; config: KubeConfig; kubeconfig: string; namespace: string; image: string }
  | { found: false; why: string }

const namespace = 'cde-dev'
const patience = 5_000

/**
 * The cluster of KUBECONFIG, else the lab's when it is up. Workspaces go into the namespace `cde-dev`; their image is
 * WORKSPACE_IMAGE, else the one of the release that is installed there.
 */
export async function findCluster(env: NodeJS.ProcessEnv): Promise<Cluster> {
  const kubeconfig = env.KUBECONFIG || (await labKubeconfig())
  if (kubeconfig === undefined)
    return { found: false, why: 'KUBECONFIG is not set, and the lab is not up (npm run lab up)' }
  try {
    const config = newKubeConfig()
    config.loadFromFile(kubeconfig)
    const core = config.makeApiClient(CoreV1Api)
    await inTime(
      core.createNamespace({
        body: { metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } },
      }),
      patience,
    ).catch((error: unknown) => {
      // it is there already
      if (!(error instanceof ApiException) || error.code !== 409) throw error
    })
    const image = env.WORKSPACE_IMAGE || (await installedImage(config))
    if (image === undefined)
      return { found: false, why: 'no release is installed there that names a workspace image; set WORKSPACE_IMAGE' }
    return { found: true, config, kubeconfig, namespace, image }
  } catch (error) {
    return {
      found: false,
      why: `the cluster of ${kubeconfig} does not answer: ${(error as Error).message.slice(0, 200)}`,
    }
  }
}

async function installedImage(config: KubeConfig): Promise<string | undefined> {
  const { items } = await inTime(
    config.makeApiClient(AppsV1Api).listDeploymentForAllNamespaces({ fieldSelector: 'metadata.name=cde-manager' }),
    patience,
  )
  const variables = items[0]?.spec?.template.spec?.containers[0]?.env ?? []
  return variables.find(({ name }) => name === 'WORKSPACE_IMAGE')?.value
}

/** The lab belongs to the tests, which services do not import: its command line says where its kubeconfig is. */
async function labKubeconfig(): Promise<string | undefined> {
  const cli = fileURLToPath(new URL('../../test/lab/cli.ts', import.meta.url))
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [cli, 'status'], { timeout: 30_000 })
    return /^lab: running$/m.test(stdout) ? /KUBECONFIG=(\S+)/.exec(stdout)?.[1] : undefined
  } catch {
    return undefined
  }
}
