import { setTimeout as sleep } from 'node:timers/promises'
import { steadyClient } from '../../e2e/steady-client.ts'
import { countAloud, counted, openTerminal } from '../../e2e/terminal.ts'
import { sealift } from '../../lab/demo-sealift.ts'
import { logIn } from '../../lab/demo-user.ts'
import { lostIn } from './lost.ts'
import type { UpgradeSite } from './site.ts'

/** open at once, so that both replicas hold some */
const terminals = 4

/**
 * Upgrades while a client asks every 100 ms and programs count in open terminals. Returns seconds, peak memory of the command
 * in MB, requests and how many failed, milliseconds of the slowest, terminals that ended, and bytes that did not come.
 */
export async function upgradeWithPeople(
  { ground, platform, adminPassword }: UpgradeSite,
  bundle: string,
  log: (line: string) => void,
): Promise<Record<string, number>> {
  const admin = await logIn(platform, 'admin', adminPassword)
  const login = await admin.request('POST', '/auth/basic/login', { username: 'admin', password: adminPassword })
  const token = (login.body as { session_token: string }).session_token
  const box = await admin.createWorkspace('bench')
  await admin.waitForWorkspace(box.id, 180_000)
  const open = await Promise.all(Array.from({ length: terminals }, () => openTerminal(admin, box.id)))
  const client = steadyClient(platform, token, [
    { method: 'GET', path: '/api/v0/workspaces' },
    { method: 'PATCH', path: `/api/v0/workspaces/${box.id}`, body: () => ({ autoOffMinutes: 5 + (Date.now() % 500) }) },
    { method: 'GET', path: '/' },
  ])
  try {
    for (const terminal of open) terminal.type(countAloud)
    await Promise.all(open.map((terminal) => terminal.until(/<5>/)))
    const where = `--kubeconfig=${ground.site.kubeconfig}`
    const begun = performance.now()
    const { peakMemory } = await sealift(['upgrade', bundle, where, `--directory=${ground.files.backups}`, '--yes'])
    const seconds = (performance.now() - begun) / 1000
    // what the old pods still held is over by then
    await sleep(5_000)
    await client.stop()
    for (const { at, what, why } of client.failures) log(`${((at - begun) / 1000).toFixed(2)} s ${what}: ${why}`)
    const ended = open.filter((terminal) => !terminal.open()).length
    const bytes = open.map((terminal) => lostIn(terminal.shown()))
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
    return {
      ...{ seconds, megabytes: peakMemory / 1e6 },
      ...{ requests: client.sent(), failed: client.failures.length, slowest: client.slowest() },
      lines: sum(open.map((terminal) => counted(terminal.shown()).length)),
      ended,
      lost: sum(bytes.map(({ lost, doubled }) => lost + doubled)),
    }
  } finally {
    await client.stop()
    for (const terminal of open) terminal.close()
    await admin.close()
  }
}
