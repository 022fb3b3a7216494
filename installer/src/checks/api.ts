import type { Check } from './check.ts'

export const api: Check = {
  id: 'api',
  title: 'The API of Kubernetes answers',
  protects: 'deploy',
  why: 'Everything that is installed goes through it.',
  level: 'error',
  strict: true,
  async run({ cluster, kubeVersion }) {
    return { state: 'passed', found: `${cluster().server} answers with ${await kubeVersion()}` }
  },
}
