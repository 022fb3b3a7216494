import { join } from 'node:path'

/** Where the demo keeps what it makes: the vendor's side and, in `bastion`, what was carried over. */
export function demoFiles(directory: string) {
  const at = (name: string) => join(directory, name)
  return {
    directory,
    /** the vendor's side */
    registryData: at('vendor-registry'),
    registryPassword: at('registry-password'),
    signingKey: at('vendor.key'),
    licenseSigningKey: at('licenses.key'),
    sealed: at('cde.bundle'),
    /** what the vendor hands out */
    trust: at('vendor.pub'),
    licenseKey: at('licenses.pub'),
    paid: at('paid.license'),
    free: at('free.license'),
    /** the site's side */
    bastion: at('bastion'),
    bundle: at('bastion/cde.bundle'),
    serveState: at('bastion/serve'),
    answers: at('bastion/answers.yaml'),
  }
}

export type DemoFiles = ReturnType<typeof demoFiles>
