import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { list } from 'tar'

/** The files of an archive by their path without its first directory, in their order. */
export async function unpack(archive: string): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  await list({
    file: archive,
    onReadEntry: (entry) => {
      const chunks: Buffer[] = []
      entry.on('data', (chunk: Buffer) => chunks.push(chunk))
      entry.on('end', () => files.set(entry.path.replace(/^[^/]+\//, ''), Buffer.concat(chunks).toString()))
    },
  })
  return files
}

/** All that an archive holds, names of files too. */
export const rawText = async (archive: string): Promise<string> => gunzipSync(await readFile(archive)).toString()
