import { randomUUID } from 'node:crypto'
import type { LicenseClaims } from '@sealift/bundle-spec/license.ts'
import { defineCommand } from '../command.ts'
import { passphrase, readText } from '../files.ts'
import { json } from '../options.ts'

const daySeconds = 86_400

export const licenseIssue = defineCommand({
  command: 'issue',
  describe: 'sign a license for a customer',
  builder: (yargs) =>
    yargs
      .options({
        key: { type: 'string', demandOption: true, requiresArg: true, describe: 'private key that signs licenses' },
        customer: { type: 'string', demandOption: true, requiresArg: true, describe: 'who it is for' },
        tier: {
          choices: ['free', 'trial', 'enterprise'] as const,
          default: 'enterprise' as const,
          describe: 'free never allows air-gapped mode',
        },
        airgap: { type: 'boolean', describe: 'allow air-gapped mode (default: yes, but not for free)' },
        seats: { type: 'number', default: 25, requiresArg: true, describe: 'people who may use it' },
        days: { type: 'number', default: 365, requiresArg: true, describe: 'days of its term' },
        'grace-days': {
          type: 'number',
          default: 30,
          requiresArg: true,
          describe: 'days it still works after the term',
        },
        out: { type: 'string', demandOption: true, requiresArg: true, describe: 'file to write' },
        json,
      })
      .example(
        '$0 license issue --key licenses.key --customer "Example Bank" --seats 50 --out bank.license',
        'a license for a year',
      )
      .epilogue('SEALIFT_KEY_PASSPHRASE decrypts the key.'),
  handler: async ({ key, customer, tier, airgap, seats, days, graceDays, out, json }) => {
    const { writeNamed } = await import('../../stores/write-named.ts')
    const { issueLicense } = await import('@sealift/bundle-spec/license.ts')
    const now = Math.floor(Date.now() / 1000)
    const ends = now + days * daySeconds
    const claims: LicenseClaims = {
      id: randomUUID(),
      customer,
      tier,
      features: { airgap: airgap ?? tier !== 'free', seats },
      iat: now,
      nbf: now,
      license_expires: ends,
      exp: ends + graceDays * daySeconds,
    }
    const license = await issueLicense(claims, await readText(key, 'key'), passphrase())
    writeNamed(out, `${license}\n`)
    console.log(json ? JSON.stringify({ out, claims }) : `license ${claims.id} for ${customer} written to ${out}`)
  },
})
