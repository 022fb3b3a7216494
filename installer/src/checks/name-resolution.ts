import { addressesOf } from '../install/addresses-of.ts'
import type { Check } from './check.ts'
import { unclaimed } from './unclaimed.ts'

export const nameResolution: Check = {
  id: 'name-resolution',
  title: 'DNS leads the names of the platform to one place',
  protects: 'smoke',
  why: 'Browsers, and at the end of the installation this machine, would not find the platform.',
  level: 'warning',
  async run({ answers }) {
    const { host, devUrlsHost, editorsHost } = answers
    const names = [
      host,
      ...(devUrlsHost === undefined ? [] : [`${unclaimed()}.${devUrlsHost}`]),
      ...(editorsHost === undefined || devUrlsHost !== undefined ? [] : [editorsHost]),
    ]
    const found = await Promise.all(names.map(async (name) => ({ name, addresses: await addressesOf(name) })))
    const shown = (name: string) => (name === host || name === editorsHost ? name : `*.${devUrlsHost}`)
    const missing = found.filter(({ addresses }) => addresses.length === 0).map(({ name }) => shown(name))
    const loop = found.filter(({ addresses }) => addresses.some((one) => /^127\.|^::1$/.test(one)))
    const [first, ...others] = found.map(({ addresses }) => addresses.join(', '))
    const failed = { state: 'failed', code: 'CLUSTER_NAMES' } as const
    const fix = `let DNS lead ${names.map(shown).join(' and ')} to the ingress; its address, once it is there: kubectl --namespace ${answers.namespace} get service cde-ingress`
    if (missing.length > 0)
      return {
        ...failed,
        found: `no address for ${missing.join(', ')}`,
        needed:
          devUrlsHost === undefined ? 'an entry in DNS' : `entries in DNS, *.${devUrlsHost} for all names below it`,
        fix,
      }
    if (loop.length > 0)
      return {
        ...failed,
        found: `${shown(loop[0]?.name ?? '')} leads to this machine itself`,
        needed: 'the ingress',
        fix,
      }
    if (others.some((one) => one !== first))
      return {
        ...failed,
        found: found.map(({ name, addresses }) => `${shown(name)}: ${addresses.join(', ')}`).join('; '),
        needed: 'the same address for all: they are served by one ingress',
        fix,
      }
    return { state: 'passed', found: `${names.map(shown).join(', ')}: ${first}` }
  },
}
