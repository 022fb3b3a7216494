import type { TestContext } from 'node:test'
import { type fakeKubernetes, fakeKubernetes as startFake } from '../../cluster/fake-kubernetes.ts'

/** An answer to the trial of an object by its name; `force` says whether fields of others may be taken. */
export type Answer = (force: boolean, body: string) => [status: number, body: unknown] | undefined

export const release = { name: 'cde', namespace: 'cde' }

/** As Helm sends an object and an API server keeps it. */
export const kept = (object: { metadata: { name: string; annotations?: object } }) => ({
  ...object,
  metadata: {
    namespace: 'cde',
    ...object.metadata,
    labels: { 'app.kubernetes.io/managed-by': 'Helm' },
    annotations: {
      ...object.metadata.annotations,
      'meta.helm.sh/release-name': 'cde',
      'meta.helm.sh/release-namespace': 'cde',
    },
  },
})

/**
 * A cluster whose trials answer what a real API server was heard to answer, by the last word of their path; those without an
 * answer keep the object as it was sent.
 */
export async function site(t: TestContext, answers: Record<string, Answer> = {}) {
  const fake: Awaited<ReturnType<typeof fakeKubernetes>> = await startFake(t)
  fake.put('/api/v1/namespaces/cde')
  fake.intercept = (call, body) => {
    const [method, path = ''] = call.split(' ')
    const { pathname, searchParams } = new URL(path, 'http://cluster')
    const name = decodeURIComponent(pathname.split('/').at(-1) as string)
    if (method === 'GET' || (!searchParams.has('dryRun') && !(name in answers))) return undefined
    return answers[name]?.(searchParams.get('force') === 'true', body)
  }
  return { ...fake, cluster: fake.connect() }
}

/** Documents as one rendered chart. */
export const rendered = (...objects: object[]): string =>
  objects.map((object) => JSON.stringify(object)).join('\n---\n')
