import { readGivenCertificate, siteNames } from '../install/given-certificate.ts'
import type { Check } from './check.ts'

export const certificate: Check = {
  id: 'certificate',
  title: 'The certificate can serve the host',
  protects: 'secrets',
  why: 'Browsers would refuse the platform, and nobody could log in.',
  level: 'error',
  strict: true,
  async run({ answers }) {
    const given = readGivenCertificate(answers)
    if (!given) return { state: 'skipped', found: 'the answers name none: the installation makes one' }
    return { state: 'passed', found: `${answers.tls?.certFile} is for ${siteNames(answers).join(' and ')}` }
  },
}
