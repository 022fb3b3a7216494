import { minute } from '../../amounts.ts'
import { readRecord } from '../../upgrade/record.ts'
import type { StatusContext } from '../context.ts'
import { failed, passed, type StatusLine, warned } from '../line.ts'

const subject = { id: 'upgrade', title: 'Last upgrade' }

/** Whether one is under way, how the last one ended, and whether it can be taken back. */
export async function upgradeLines({ cluster, namespace }: StatusContext): Promise<StatusLine[]> {
  const record = await readRecord(cluster, namespace)
  if (record === undefined) return [passed(subject, 'none since the installation')]
  const { from, to, ended, direction, started, host, changes, writesStopped, takenBack, failed: failure } = record
  const way = `${from.version} → ${to.version}`
  if (ended === undefined) {
    const found = `${way} was begun at ${minute(new Date(started))} from ${host} and has not ended${writesStopped ? '; nobody can write' : ''}`
    const fix =
      takenBack === undefined
        ? `if it does not run any more, go on: sealift upgrade with the bundle of ${to.version}`
        : 'if it does not run any more, go on: sealift rollback'
    return [changes || writesStopped ? failed(subject, { found, fix }) : warned(subject, { found, fix })]
  }
  const at = minute(new Date(ended))
  if (direction === 'forward') return [passed(subject, `${way} at ${at}; sealift rollback takes it back`)]
  if (takenBack !== undefined) return [passed(subject, `${way} was taken back at ${at}`)]
  return [
    warned(subject, {
      found: `${way} failed, and ${from.version} came back at ${at}${failure ? `: ${failure.message}` : ''}`,
      fix: 'see what failed: sealift history; a later bundle of the vendor may mend it',
    }),
  ]
}
