import { join } from 'node:path'

/** Where the demo keeps what it makes: the vendor's side in `directory` and, in `bastion`, what was carried over. */
export function demoFiles(directory: string, bastion = join(directory, 'bastion')) {
  const at = (name: string) => join(directory, name)
  const site = (name: string) => join(bastion, name)
  return {
    directory,
    /** the vendor's side */
    registryData: at('vendor-registry'),
    registryPassword: at('registry-password'),
    signingKey: at('vendor.key'),
    licenseSigningKey: at('licenses.key'),
    migrations: at('migrations.json'),
    sealed: at('cde.bundle'),
    /** what the vendor hands out */
    trust: at('vendor.pub'),
    licenseKey: at('licenses.pub'),
    paid: at('paid.license'),
    free: at('free.license'),
    /** the site's side */
    bastion,
    bundles: site('bundles'),
    bundle: join(bastion, 'bundles', 'cde.bundle'),
    next: join(bastion, 'bundles', 'cde-next.bundle'),
    backups: site('backups'),
    serveState: site('serve'),
    answers: site('answers.yaml'),
  }
}

export type DemoFiles = ReturnType<typeof demoFiles>
