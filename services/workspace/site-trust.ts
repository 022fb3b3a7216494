import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Where Debian keeps the public certificate authorities. */
const publicBundle = '/etc/ssl/certs/ca-certificates.crt'

/**
 * Makes programs in the workspace trust the site's certificate authority besides the public ones: joins both in one file
 * in `folder` and returns the variables by which OpenSSL, Go, curl, git, Python and Node find it. Programs that read
 * SSL_CERT_FILE read nothing else, so the site's file alone would cut them off from the internet.
 * Without a site CA (`siteCa` undefined or no such file) there is nothing to set.
 */
export async function siteTrust(
  siteCa: string | undefined,
  folder: string,
  systemCa = publicBundle,
): Promise<Record<string, string>> {
  const site = siteCa === undefined ? undefined : await readIfThere(siteCa)
  if (siteCa === undefined || site === undefined) return {}
  const bundle = join(folder, 'ca-certificates.crt')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // Renamed into place: a shell of an older agent may read it now.
  await writeFile(`${bundle}.new`, `${(await readIfThere(systemCa)) ?? ''}\n${site}\n`, { mode: 0o644 })
  await rename(`${bundle}.new`, bundle)
  return {
    SSL_CERT_FILE: bundle,
    CURL_CA_BUNDLE: bundle,
    GIT_SSL_CAINFO: bundle,
    REQUESTS_CA_BUNDLE: bundle,
    PIP_CERT: bundle,
    CARGO_HTTP_CAINFO: bundle,
    // Node adds this file to its own authorities.
    NODE_EXTRA_CA_CERTS: siteCa,
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}
