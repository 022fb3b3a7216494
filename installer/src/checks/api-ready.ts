import type { Check } from './check.ts'

/** Health endpoints: Kubernetes documentation, "Kubernetes API health endpoints". */
export const apiReady: Check = {
  id: 'api-ready',
  title: 'The control plane says that it is ready',
  protects: 'deploy',
  why: 'A control plane that is half up (etcd, for example) loses or refuses what is installed.',
  level: 'error',
  after: ['api'],
  async run({ cluster }) {
    const { status, text } = await cluster().ask('GET', '/readyz', { query: { verbose: '' }, accept: '*/*' })
    if (status === 200) return { state: 'passed', found: '/readyz: ok' }
    if (status === 401 || status === 403 || status === 404)
      return { state: 'skipped', found: `/readyz answers ${status} to this user` }
    const failing = text.split('\n').filter((line) => line.startsWith('[-]'))
    return {
      state: 'failed',
      code: 'CLUSTER_NOT_READY',
      found: `/readyz answers ${status}: ${failing.join(' ') || text.slice(0, 300)}`,
      needed: 'status 200',
      fix: `kubectl${cluster().flags} get --raw '/readyz?verbose'`,
    }
  },
}
