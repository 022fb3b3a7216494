import { X509Certificate } from 'node:crypto'
import { day, daysUntil, fromNow } from '../../amounts.ts'
import { readSecret } from '../../cluster/apply.ts'
import { secretNames } from '../../install/chart-values.ts'
import { siteNames, siteProblem } from '../../install/given-certificate.ts'
import type { StatusContext } from '../context.ts'
import { failed, passed, type StatusLine, warned } from '../line.ts'
import { siteHosts } from '../site-hosts.ts'

const subject = { id: 'certificate', title: 'Certificate' }

/** Whether the site's certificate serves its names, and until when. */
export async function certificateLines({ cluster, namespace, release }: StatusContext): Promise<StatusLine[]> {
  const { 'tls.crt': certificate, 'tls.key': key } = (await readSecret(cluster, namespace, secretNames.tls)) ?? {}
  const fix = 'give another one in the answers (or remove the answer tls), and install again'
  if (certificate === undefined || key === undefined)
    return [failed(subject, { found: `there is no secret ${secretNames.tls} with a certificate`, fix })]
  const hosts = siteHosts((await release())?.values)
  const problem = hosts && siteProblem(certificate, key, hosts)
  if (problem !== undefined) return [failed(subject, { found: problem, fix })]
  const { validToDate } = new X509Certificate(certificate)
  const left = daysUntil(validToDate)
  const names = hosts ? `for ${siteNames(hosts).join(' and ')}, ` : ''
  const found = `${names}ends ${day(validToDate)}, ${fromNow(validToDate)}`
  if (left >= 30) return [passed(subject, found)]
  return [
    warned(subject, { found, fix: 'install again: a certificate of its own is renewed, a given one is read anew' }),
  ]
}
