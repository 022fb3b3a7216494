import type { Check } from './check.ts'
import { classOf } from './storage-class.ts'

export const volumeExpansion: Check = {
  id: 'volume-expansion',
  title: 'Volumes can grow, and are made when they are claimed',
  protects: 'smoke',
  why: 'A full database or home directory can be helped only by a new volume and a copy; without a provisioner each workspace waits for somebody to make its volume.',
  level: 'warning',
  after: ['storage-class'],
  async run(context) {
    const { name, found } = await classOf(context)
    const faults = [
      ...(found?.allowVolumeExpansion ? [] : ['its volumes cannot grow']),
      ...(found?.provisioner === 'kubernetes.io/no-provisioner' ? ['nothing makes its volumes'] : []),
      ...(found?.reclaimPolicy === 'Recycle' ? ['it recycles volumes'] : []),
    ]
    const mode = found?.volumeBindingMode ?? 'Immediate'
    if (faults.length === 0) return { state: 'passed', found: `${name}: ${found?.provisioner}, ${mode}` }
    return {
      state: 'failed',
      code: 'CLUSTER_STORAGE',
      found: `storage class ${name}: ${faults.join(', ')}`,
      needed: 'allowVolumeExpansion: true, and a provisioner',
      fix: `choose another class in the answers, or, where its driver can do it: kubectl${context.cluster().flags} patch storageclass ${name} --patch '{"allowVolumeExpansion":true}'`,
    }
  },
}
