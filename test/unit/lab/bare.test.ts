import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { makeBare, rememberBare } from '../../lab/bare.ts'
import type { Lab } from '../../lab/lab.ts'

/** A lab whose cluster is a list of `Kind namespace name`; a namespace takes what is in it along when it goes. */
async function labOf(t: TestContext, objects: string[]) {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'bare-'))
  t.after(() => rm(stateDirectory, { recursive: true, force: true }))
  const cluster = { objects, node: '{}', deleted: [] as string[] }
  const kubectl = async ([verb = '', ...args]: readonly string[]) => {
    if (verb === 'api-resources') return 'namespaces\nevents\nevents.events.k8s.io\nleases.coordination.k8s.io\npods\n'
    if (verb === 'get' && args[0] === 'nodes') return cluster.node
    if (verb === 'get') {
      assert.equal(args[0], 'namespaces,pods')
      return cluster.objects.join('\n')
    }
    assert.equal(verb, 'delete')
    cluster.deleted.push(args.filter((arg) => !/^--(wait|ignore)/.test(arg)).join(' '))
    const [kind, ...names] = args.filter((arg) => !arg.startsWith('--'))
    const gone = (line: string) =>
      kind === 'namespace'
        ? names.some((name) => line.split(/\s+/)[1] === name || line === `Namespace <none> ${name}`)
        : line.startsWith(`${kind} `) && names.includes(line.split(/\s+/)[2] as string)
    cluster.objects = cluster.objects.filter((line) => !gone(line))
    return ''
  }
  return { lab: { stateDirectory, kubectl } as unknown as Lab, cluster }
}

const own = ['Namespace <none> default', 'Namespace <none> kube-system', 'Pod kube-system coredns-1']

test('what was made since a lab was new goes, in whatever namespace, and the trust of its node; the rest stays', async (t) => {
  const { lab, cluster } = await labOf(t, own)
  await rememberBare(lab)
  await makeBare(lab)
  assert.deepEqual(cluster.deleted, [])

  await mkdir(join(lab.stateDirectory, 'certs.d/10.99.0.1:5000'), { recursive: true })
  const system = [...own.slice(0, 2), 'Pod kube-system coredns-2']
  const left = ['Namespace <none> cde', 'Pod cde one', 'IngressClass <none> cde.cde', 'Secret default s']
  cluster.objects = [...system, ...left]
  await makeBare(lab)
  assert.deepEqual(cluster.objects, system)
  assert.deepEqual(cluster.deleted, [
    'namespace cde',
    'pods --all --grace-period=1 --namespace=cde',
    'IngressClass cde.cde',
    'Secret s --namespace=default',
  ])
  assert.ok(!existsSync(join(lab.stateDirectory, 'certs.d')))
})

test('a lab whose node is another one than it was is not made bare, nor one that nobody remembered', async (t) => {
  const { lab, cluster } = await labOf(t, own)
  await assert.rejects(makeBare(lab), { code: 'ENOENT' })
  await rememberBare(lab)
  cluster.node = '{"unschedulable":true}'
  await assert.rejects(makeBare(lab), /the node is not as it was/)
})
