import { defineCommand } from '../command.ts'
import { passphrase } from '../files.ts'
import { json } from '../options.ts'

export const keysGenerate = defineCommand({
  command: 'generate',
  describe: 'make a key pair that signs bundles or licenses',
  builder: (yargs) =>
    yargs
      .options({
        out: {
          type: 'string',
          demandOption: true,
          requiresArg: true,
          describe: 'writes OUT.key (keep it secret) and OUT.pub',
        },
        type: { choices: ['bundle', 'license'] as const, default: 'bundle' as const, describe: 'what the key signs' },
        json,
      })
      .example('$0 keys generate --out vendor', 'writes vendor.key and vendor.pub')
      .epilogue('SEALIFT_KEY_PASSPHRASE, where set, encrypts the private key.'),
  handler: async ({ type, out, json }) => {
    const { generateKeys } = await import('../../license/keys.ts')
    const files = await generateKeys(type, out, passphrase())
    console.log(json ? JSON.stringify(files) : `private key  ${files.key}\npublic key   ${files.pub}`)
  },
})
