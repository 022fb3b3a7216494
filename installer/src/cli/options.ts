import type { Options } from 'yargs'

/** Flags that several commands share, each said once. */
export const trust = {
  type: 'string',
  array: true,
  demandOption: true,
  requiresArg: true,
  describe: 'public key file of a vendor whose bundles are accepted (repeatable)',
} as const satisfies Options

export const license = {
  type: 'string',
  demandOption: true,
  requiresArg: true,
  describe: 'license file',
} as const satisfies Options

export const json = {
  type: 'boolean',
  default: false,
  describe: 'print one JSON document for machines, no progress',
} as const satisfies Options

/** How to reach registries. Passwords come from files or from the environment, never from argv. */
export const registry = {
  'registry-ca': {
    type: 'string',
    requiresArg: true,
    describe: 'file with the CA that signed the registry certificate (PEM)',
  },
  'registry-username': { type: 'string', requiresArg: true, describe: 'user at the registry' },
  'registry-password-file': { type: 'string', requiresArg: true, describe: 'file with the password of that user' },
  registries: { type: 'string', requiresArg: true, describe: 'file (YAML) that says how each registry is reached' },
  patience: {
    type: 'string',
    requiresArg: true,
    describe: 'how long a registry may let one request wait without getting anywhere, such as 30m (default 5m)',
  },
} as const satisfies Record<string, Options>

export interface RegistryArguments {
  registryCa?: string | undefined
  registryUsername?: string | undefined
  registryPasswordFile?: string | undefined
  registries?: string | undefined
  patience?: string | undefined
}
