import { SealiftError } from '@sealift/bundle-spec/error.ts'
import semver from 'semver'
import type { Check } from './check.ts'

export const kubernetesVersion: Check = {
  id: 'kubernetes-version',
  title: 'Kubernetes is new enough',
  protects: 'deploy',
  why: 'The chart uses what older versions do not have.',
  level: 'error',
  after: ['api'],
  async run({ kubeVersion, cluster, bundle }) {
    const version = await kubeVersion()
    const minimum = bundle.release.minimumKubernetes
    const found = semver.coerce(version)
    if (!found || semver.lt(found, semver.coerce(minimum) ?? '0.0.0'))
      throw new SealiftError('CLUSTER_VERSION', `${cluster().server} runs Kubernetes ${version}`, {
        why: `${bundle.release.name} ${bundle.release.version} needs ${minimum} or later`,
        fix: `upgrade the cluster to ${minimum} or later`,
      })
    return { state: 'passed', found: `${version}, ${minimum} or later is needed` }
  },
}
