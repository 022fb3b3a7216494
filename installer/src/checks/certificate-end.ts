import { certificatesIn } from '../certificates/chain.ts'
import { small } from '../install/registry-access.ts'
import type { Check } from './check.ts'

const day = 86_400_000
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
    const end = Math.min(...chain.map(({ validToDate }) => validToDate.getTime()))
    const days = Math.floor((end - Date.now()) / day)
    const found = `it lasts until ${new Date(end).toISOString().slice(0, 10)}, ${days} days`
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
