import { createHash } from 'node:crypto'
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { run } from './command.ts'

/**
 * Writes an archive with an image of one static binary (OCI Image Layout 1.0 in a tar), named `reference` for
 * containerd. Nothing but tar(1) is needed, no registry and no engine.
 */
export async function writeImageArchive(archive: string, binary: string, reference: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'sealift-image-'))
  try {
    const name = basename(binary)
    const [root, layout] = [join(work, 'root'), join(work, 'layout')]
    await mkdir(root)
    await mkdir(join(layout, 'blobs', 'sha256'), { recursive: true })
    await copyFile(binary, join(root, name))
    await chmod(join(root, name), 0o755)
    const layerFile = join(work, 'layer.tar')
    await run('tar', [
      '--create',
      '--file',
      layerFile,
      '--directory',
      root,
      '--owner=0',
      '--group=0',
      '--mtime=@0',
      name,
    ])
    const blob = async (mediaType: string, content: Buffer) => {
      const hex = createHash('sha256').update(content).digest('hex')
      await writeFile(join(layout, 'blobs', 'sha256', hex), content)
      return { mediaType, digest: `sha256:${hex}`, size: content.length }
    }
    const json = (mediaType: string, value: object) => blob(mediaType, Buffer.from(JSON.stringify(value)))
    const kind = (what: string) => `application/vnd.oci.image.${what}`
    const layer = await blob(kind('layer.v1.tar'), await readFile(layerFile))
    const config = await json(kind('config.v1+json'), {
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config: { Entrypoint: [`/${name}`] },
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
    })
    const manifest = await json(kind('manifest.v1+json'), {
      schemaVersion: 2,
      mediaType: kind('manifest.v1+json'),
      config,
      layers: [layer],
    })
    const annotations = { 'io.containerd.image.name': reference, 'org.opencontainers.image.ref.name': reference }
    const index = { schemaVersion: 2, mediaType: kind('index.v1+json'), manifests: [{ ...manifest, annotations }] }
    await writeFile(join(layout, 'index.json'), JSON.stringify(index))
    await writeFile(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
    await run('tar', ['--create', '--file', archive, '--directory', layout, 'oci-layout', 'index.json', 'blobs'])
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
