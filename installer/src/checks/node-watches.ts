import type { Check } from './check.ts'
import { listed } from './listed.ts'
import { fromPods } from './pods.ts'

/** for each user of a node, and so for all workspaces on it */
const least = { instances: 1024, watches: 65_536 }

export const nodeWatches: Check = {
  id: 'node-watches',
  title: 'Editors can watch enough files on the nodes',
  protects: 'smoke',
  why: 'All workspaces of a node share them: where they run out, editors miss changes, and dev servers do not start (ENOSPC, EMFILE).',
  level: 'warning',
  after: ['pods'],
  run: fromPods((told) => {
    const seen = told.filter(
      ({ facts }) => facts.inotify.instances !== undefined && facts.inotify.watches !== undefined,
    )
    if (seen.length === 0) return { state: 'skipped', found: 'pods may not see the limits of their nodes' }
    const said = ({ facts }: (typeof told)[number]) =>
      `${facts.inotify.instances} instances, ${facts.inotify.watches} watches`
    const low = seen.filter(
      ({ facts: { inotify } }) => (inotify.instances ?? 0) < least.instances || (inotify.watches ?? 0) < least.watches,
    )
    if (low.length === 0) return { state: 'passed', found: listed([...new Set(seen.map(said))]) }
    const settings = `fs.inotify.max_user_instances=${least.instances} fs.inotify.max_user_watches=${least.watches * 8}`
    return {
      state: 'failed',
      code: 'CLUSTER_NODE_WATCHES',
      found: listed(low.map((one) => `${one.node}: ${said(one)}`)),
      needed: `${least.instances} instances and ${least.watches} watches for each user`,
      fix: `on these nodes: sysctl -w ${settings}; to keep it, the same lines in /etc/sysctl.d/90-inotify.conf`,
    }
  }),
}
