import { day, daysUntil, fromNow } from '../amounts.ts'
import { certificatesIn } from '../certificates/chain.ts'
import { small } from '../install/small-file.ts'
import type { Check } from './check.ts'

const early = 30

export const certificateEnd: Check = {
  id: 'certificate-end',
  title: 'The certificate lasts, and so does its chain',
  protects: 'smoke',
  why: 'When the first of them ends, nobody reaches the platform any more.',
  level: 'warning',
  after: ['certificate'],
  async run({ answers }) {
    if (!answers.tls) return { state: 'skipped', found: 'the answers name no certificate' }
    const chain = certificatesIn(small(answers.tls.certFile, 'tls.certFile'))
    const end = new Date(Math.min(...chain.map(({ validToDate }) => validToDate.getTime())))
    const days = daysUntil(end)
    const found = `it lasts until ${day(end)}, ${fromNow(end)}`
    if (days >= early) return { state: 'passed', found }
    return {
      state: 'failed',
      code: 'USAGE_CERTIFICATE',
      found,
      needed: `${early} days at least`,
      fix: 'ask the CA for a new one now, name it in the answers',
    }
  },
}
