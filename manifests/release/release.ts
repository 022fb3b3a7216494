import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { readSigningKey, signMessage } from '@sealift/bundle-spec/sign.ts'
import { makeContents, write } from './contents.ts'
import { sumsOf } from './sums.ts'

/** The private key that signs (PEM), and its passphrase where it has one. */
export interface SigningKey {
  pem: string
  passphrase: string | undefined
}

/**
 * Makes the release of the executable in a directory, which is replaced when all of it is there: the contents, `SHA256SUMS`
 * and, with a key, the signature of that. The same sources and the same key give the same bytes.
 * @throws SealiftError BUILD_PLATFORM, BUILD_NODE, BUILD_COMMAND, USAGE_SIGNING_KEY
 */
export async function makeRelease(
  out: string,
  key: SigningKey | undefined,
  log: (line: string) => void,
): Promise<void> {
  if (key) readSigningKey(key.pem, key.passphrase)
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new SealiftError('BUILD_PLATFORM', 'a release is made on Linux on x86-64', {
      why: `elsewhere other bytes would come out, and this is ${process.platform} on ${process.arch}`,
    })
  const work = await mkdtemp(join(tmpdir(), 'sealift-release-'))
  await mkdir(dirname(out), { recursive: true })
  const made = await mkdtemp(`${out}-`)
  try {
    await makeContents(made, work, log)
    const sums = Buffer.from(await sumsOf(made))
    await write(join(made, 'SHA256SUMS'), sums)
    if (key) await sign(made, sums, key)
    await chmod(made, 0o755)
    await rm(out, { recursive: true, force: true })
    await rename(made, out)
  } finally {
    for (const directory of [work, made]) await rm(directory, { recursive: true, force: true })
  }
}

/** Writes the signature twice: for cosign and Sealift, and for `openssl dgst -verify`, which every system has. */
async function sign(directory: string, sums: Buffer, { pem, passphrase }: SigningKey): Promise<void> {
  const bundle = signMessage(sums, pem, passphrase)
  const { messageSignature } = JSON.parse(Buffer.from(bundle).toString()) as { messageSignature: { signature: string } }
  await write(join(directory, 'SHA256SUMS.sigstore.json'), bundle)
  await write(join(directory, 'SHA256SUMS.sig'), Buffer.from(messageSignature.signature, 'base64'))
}
