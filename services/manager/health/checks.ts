import { inTime } from '../../time-limit.ts'
import type { Database } from '../database.ts'
import type { Licensing } from '../licensing.ts'
import { countSeats } from '../users/store.ts'
import type { WorkspaceEngine } from '../workspaces/engine.ts'
import { sharedAddress } from './client-addresses.ts'

/** How one part of the platform stands. A `warning` needs somebody's attention and breaks nothing yet. */
export type Finding = {
  name: 'database' | 'kubernetes' | 'license' | 'envproxy' | 'access-url' | 'client-addresses'
  standing: 'ok' | 'warning' | 'failing'
  code?: string
  message?: string
  fix?: string
}
type Trouble = Required<Omit<Finding, 'name'>>

export type CheckedParts = {
  database: Database
  engine: Pick<WorkspaceEngine, 'check'>
  licensing: Licensing
  envproxyUrl: string
  accessUrl: string
  clock: () => number
}

/** Milliseconds after which a check that has not answered fails. */
const patience = 4_000
/** Days before the end of a license from which it is a warning. */
const endingSoon = 30

/** Checks every part at once; takes 4 s at most. */
export async function findings(parts: CheckedParts): Promise<Finding[]> {
  const { database, engine, licensing, envproxyUrl, accessUrl, clock } = parts
  const checks: [Finding['name'], () => Promise<Trouble | undefined>][] = [
    ['database', () => database.query('SELECT 1').then(() => undefined)],
    ['kubernetes', () => engine.check().then(() => undefined)],
    ['license', () => licenseTrouble(database, licensing, clock())],
    ['envproxy', () => answers(new URL('/healthz', envproxyUrl))],
    ['access-url', () => answers(new URL('/healthz', accessUrl))],
    ['client-addresses', () => addressTrouble(database, clock())],
  ]
  return await Promise.all(
    checks.map(async ([name, check]): Promise<Finding> => {
      try {
        const trouble = await inTime(check(), patience)
        return trouble === undefined ? { name, standing: 'ok' } : { name, ...trouble }
      } catch (error) {
        return { name, ...failures[name], message: `${failures[name].message}: ${reason(error)}` }
      }
    }),
  )
}

const failures: Record<Finding['name'], Trouble> = {
  database: {
    standing: 'failing',
    code: 'HEALTH_DATABASE',
    message: 'the database does not answer',
    fix: 'look at the pod of postgres, or at your own database',
  },
  kubernetes: {
    standing: 'failing',
    code: 'HEALTH_KUBERNETES',
    message: 'the Kubernetes API does not answer',
    fix: "look at the manager's log and its ServiceAccount; workspaces that run go on",
  },
  license: {
    standing: 'failing',
    code: 'HEALTH_LICENSE',
    message: 'the license cannot be read',
    fix: 'upload it again on the license page',
  },
  envproxy: {
    standing: 'failing',
    code: 'HEALTH_ENVPROXY',
    message: 'the envproxy does not answer, so that no terminal, editor or SSH opens',
    fix: 'look at the pods of envproxy',
  },
  // from inside the cluster the name may lead elsewhere than from people's machines
  'access-url': {
    standing: 'warning',
    code: 'HEALTH_ACCESS_URL',
    message: 'the manager does not reach the access URL',
    fix: 'check its name in DNS, its certificate, and that the ingress serves it',
  },
  'client-addresses': {
    standing: 'warning',
    code: 'HEALTH_CLIENT_ADDRESSES',
    message: 'where people come from is not known',
    fix: 'set ingress.externalTrafficPolicy to Local or, for an ingress of your own, ingress.trustedProxies; well where all share one NAT',
  },
}

async function licenseTrouble(database: Database, licensing: Licensing, now: number): Promise<Trouble | undefined> {
  const license = await licensing.current()
  const warning = (code: string, message: string, fix: string): Trouble => ({ standing: 'warning', code, message, fix })
  if (license === undefined) {
    if (licensing.mode !== 'airgapped') return undefined
    return { ...failures.license, code: 'LICENSE_MISSING', message: 'there is no license for air-gapped mode' }
  }
  const { refusal, claims } = license
  if (refusal !== undefined)
    return {
      standing: 'failing',
      code: refusal.code,
      message: refusal.message,
      fix: refusal.fix ?? failures.license.fix,
    }
  const days = Math.floor((claims.license_expires - now / 1000) / 86_400)
  if (license.standing === 'grace')
    return warning('LICENSE_GRACE', 'the term of the license is over; its grace runs', 'upload a new license')
  if (license.standing === 'entitled' && days < endingSoon)
    return warning('LICENSE_ENDS_SOON', `the license ends in ${days} days`, 'ask sales for the next one')
  const seats = await countSeats(database)
  if (seats > claims.features.seats)
    return warning(
      'LICENSE_SEATS',
      `${seats} users may log in, and the license has ${claims.features.seats} seats`,
      'deactivate who left, or ask sales for more seats',
    )
  return undefined
}

async function addressTrouble(database: Database, now: number): Promise<Trouble | undefined> {
  const shared = await sharedAddress(database, now)
  if (shared === undefined) return undefined
  const message = `all ${shared.people} people who are logged in seem to come from ${shared.address}`
  return { ...failures['client-addresses'], message }
}

async function answers(url: URL): Promise<undefined> {
  const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(patience) })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`it answers with status ${response.status}`)
}

/** What went wrong, without addresses and stacks: fetch hides the reason in its cause. */
function reason(error: unknown): string {
  const { code, message, cause } = error as { code?: unknown; message?: string; cause?: { code?: unknown } }
  const known = cause?.code ?? code
  return typeof known === 'string' ? known : (message ?? String(error)).slice(0, 200)
}
