import { passWebSocketsOn } from '../install/websocket.ts'
import type { Check, Finding } from './check.ts'

/** By the name of the host as well, where DNS leads to something that stands before the ingress. */
export const websocket: Check = {
  id: 'websocket',
  title: 'A WebSocket comes through to the platform',
  protects: 'smoke',
  why: 'Terminals, editors and pages that follow what happens are WebSockets: nothing would open in a platform that looks well.',
  level: 'error',
  after: ['ingress-address'],
  async run({ answers, seen }) {
    // an address that takes its time is a warning, after which there is nothing to judge
    if (!seen.front) return { state: 'skipped', found: 'nothing was reached' }
    const { at, way, before } = seen.front
    const shown = `${at.address}:${at.port}`
    if (way.state === 'stopped') return stopped(shown, way.got)
    if (!before) return { state: 'passed', found: `at ${shown}` }
    const by = `${before.address}, where DNS leads ${answers.host}`
    if (before.way.state === 'stopped') return stopped(by, before.way.got)
    return {
      state: 'passed',
      found:
        before.way.state === 'through'
          ? `at ${shown}, and through ${by}`
          : `at ${shown}; ${by}, does not lead there yet: ${before.way.got}`,
    }
  },
}

const stopped = (where: string, got: string): Finding => ({
  ...{ state: 'failed', code: 'CLUSTER_WEBSOCKET', needed: 'status 101, and what is sent afterwards' },
  found: `requests come through ${where}, but WebSockets do not: ${got}`,
  fix: passWebSocketsOn,
})
