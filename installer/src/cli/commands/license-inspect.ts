import { dayOfSeconds } from '../../amounts.ts'
import { defineCommand } from '../command.ts'
import { readText, readTexts } from '../files.ts'
import { safe } from '../format.ts'
import { json } from '../options.ts'

export const licenseInspect = defineCommand({
  command: 'inspect <file>',
  describe: 'check the signature of a license and show what it allows',
  builder: (yargs) =>
    yargs
      .positional('file', { type: 'string', demandOption: true, describe: 'license file' })
      .options({
        key: {
          type: 'string',
          array: true,
          demandOption: true,
          requiresArg: true,
          describe: 'public key that may sign licenses (repeatable)',
        },
        json,
      })
      .example('$0 license inspect bank.license --key licenses.pub', 'customer, tier, term and standing'),
  handler: async ({ file, key, json }) => {
    const { readLicense, readLicenseKeys, standing } = await import('@sealift/bundle-spec/license.ts')
    const keys = await readTexts(key, 'key')
    for (const pem of keys) readLicenseKeys(pem)
    const claims = await readLicense(await readText(file, 'license'), keys)
    const at = standing(claims)
    if (json) {
      console.log(JSON.stringify({ claims, standing: at }))
      return
    }
    console.log(
      [
        `license     ${safe(claims.id)}`,
        `customer    ${safe(claims.customer)}`,
        `tier        ${claims.tier}`,
        `air-gapped  ${claims.tier !== 'free' && claims.features.airgap ? 'allowed' : 'not allowed'}`,
        `seats       ${claims.features.seats}`,
        `term        ${dayOfSeconds(claims.nbf)} to ${dayOfSeconds(claims.license_expires)}, grace until ${dayOfSeconds(claims.exp)}`,
        `standing    ${at}`,
      ].join('\n'),
    )
  },
})
