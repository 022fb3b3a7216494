import { stat } from 'node:fs/promises'
import { posix } from 'node:path'
import { SealiftError } from '@sealift/bundle-spec/error.ts'
import { ReleaseExtension } from '@sealift/bundle-spec/extension.ts'
import { parseJson } from '@sealift/bundle-spec/json.ts'
import { limits } from '@sealift/bundle-spec/limits.ts'
import Type from 'typebox'
import Value from 'typebox/value'
import { type Entry, openPromise, type ZipFile } from 'yauzl'

/** What is taken out of a VSIX. */
export interface Vsix {
  about: Omit<ReleaseExtension, 'digest'>
  /** `extension/package.json` as it stands */
  manifest: Buffer
  readme?: Buffer
  icon?: { type: 'png' | 'jpeg'; bytes: Buffer }
}

const About = Type.Omit(ReleaseExtension, ['digest'])

/**
 * Reads what a VSIX says of itself (a ZIP archive; vsce, "VSIX"). It is read with the library that the editor reads it with,
 * so what is checked here is what the editor takes. Nothing is unpacked, and no more than a few bounded files are read.
 * @param place where release.yaml names it, for errors
 * @throws SealiftError BUILD_EXTENSION
 */
export async function readVsix(path: string, place: string): Promise<Vsix> {
  const bad = (why: string, cause?: unknown) =>
    new SealiftError('BUILD_EXTENSION', `${place}: ${path} is not an extension that can be carried`, {
      why,
      fix: 'take the .vsix that `vsce package` made, as it is',
      cause,
    })
  let zip: ZipFile | undefined
  try {
    // a pipe or device would be waited for
    if (!(await stat(path)).isFile()) throw new Error('it is no file')
    zip = await openPromise(path, { autoClose: false, strictFileNames: true })
    const entries = await entriesOf(zip)
    const manifest = await read(zip, entries.get('extension/package.json') ?? missing('extension/package.json'))
    const fields = fieldsOf(manifest, 'extension/package.json')
    const texts = entries.get('extension/package.nls.json')
    const targetPlatform = await platformOf(zip, entries.get('extension.vsixmanifest'))
    const about = aboutOf(fields, texts ? fieldsOf(await read(zip, texts), texts.fileName) : {}, targetPlatform)
    const readme = [...entries.values()].find(({ fileName }) => /^extension\/readme\.md$/i.test(fileName))
    const icon = iconOf(fields, entries)
    return {
      about,
      manifest,
      ...(readme && isSmall(readme) ? { readme: await read(zip, readme) } : {}),
      ...(icon && isSmall(icon.entry) ? { icon: { type: icon.type, bytes: await read(zip, icon.entry) } } : {}),
    }
  } catch (cause) {
    if (cause instanceof SealiftError) throw bad([cause.message, cause.why].filter(Boolean).join(': '), cause)
    throw bad((cause as Error).message, cause)
  } finally {
    zip?.close()
  }
}

const missing = (name: string): never => {
  throw new Error(`it has no ${name}`)
}

/** The entries by name: each a file or folder of a plain path, each once, and all of them within bounds. */
async function entriesOf(zip: ZipFile): Promise<Map<string, Entry>> {
  if (zip.entryCount > limits.extensionEntries) throw new Error(`it has more than ${limits.extensionEntries} entries`)
  const entries = new Map<string, Entry>()
  let unpacked = 0
  for await (const entry of zip.eachEntry()) {
    if (entries.has(entry.fileName))
      throw new Error(`two of its entries have the name ${JSON.stringify(entry.fileName)}`)
    if (isLink(entry)) throw new Error(`${JSON.stringify(entry.fileName)} is a link`)
    unpacked += entry.uncompressedSize
    if (unpacked > limits.extensionUnpacked)
      throw new Error(`it unpacks to more than ${limits.extensionUnpacked} bytes`)
    entries.set(entry.fileName, entry)
  }
  return entries
}

/** Whether Unix wrote it as a symbolic link (APPNOTE, 4.4.15: the upper half is the mode). */
const isLink = ({ externalFileAttributes }: Entry): boolean => ((externalFileAttributes >>> 16) & 0o170000) === 0o120000

const isSmall = ({ uncompressedSize }: Entry): boolean => uncompressedSize <= limits.extensionFile

async function read(zip: ZipFile, entry: Entry): Promise<Buffer> {
  if (!isSmall(entry)) throw new Error(`${entry.fileName} is larger than ${limits.extensionFile} bytes`)
  const chunks: Buffer[] = []
  // the library ends it with an error where there are more bytes than stated
  for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function fieldsOf(bytes: Buffer, name: string): Record<string, unknown> {
  const fields = parseJson(bytes, name)
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
    throw new Error(`${name} is not an object`)
  return fields as Record<string, unknown>
}

function aboutOf(
  fields: Record<string, unknown>,
  texts: Record<string, unknown>,
  targetPlatform: string | undefined,
): Vsix['about'] {
  const { publisher, name, version, engines } = fields
  const line = (value: unknown, most: number) => lineOf(localized(value, texts))?.slice(0, most)
  const displayName = line(fields.displayName, 256)
  const description = line(fields.description, 1024)
  const about = {
    publisher,
    name,
    version,
    ...(targetPlatform === undefined ? {} : { targetPlatform }),
    ...(displayName ? { displayName } : {}),
    ...(description ? { description } : {}),
    engine: (engines as { vscode?: unknown } | null | undefined)?.vscode,
  }
  if (Value.Check(About, about)) return about
  const [first] = Value.Errors(About, about)
  const field = first?.instancePath.slice(1).replace('engine', 'engines.vscode') || 'a field'
  throw new Error(`${field} of extension/package.json is missing, or is not what an editor takes`)
}

/** `%key%` stands for a text of package.nls.json (vscode-nls), which is a text or an object that has one. */
function localized(value: unknown, texts: Record<string, unknown>): unknown {
  const key = typeof value === 'string' ? /^%([^%]+)%$/.exec(value)?.[1] : undefined
  if (key === undefined || !Object.hasOwn(texts, key)) return value
  const text = texts[key]
  return typeof text === 'string' ? text : (text as { message?: unknown } | null)?.message
}

/** One line of printable text. */
const lineOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value.replace(/[\p{C}\s]+/gu, ' ').trim() : undefined

/** `TargetPlatform` of the `Identity` in extension.vsixmanifest (XML): the one fact that package.json does not have. */
async function platformOf(zip: ZipFile, entry: Entry | undefined): Promise<string | undefined> {
  if (!entry) return undefined
  const text = withoutComments((await read(zip, entry)).toString('utf8'))
  const [identity, ...more] = text.match(/<Identity\b[^<>]*>/g) ?? []
  if (identity === undefined || more.length > 0) throw new Error('extension.vsixmanifest has not exactly one Identity')
  const platform = /\sTargetPlatform\s*=\s*(?:"([^"]*)"|'([^']*)')/.exec(identity)
  const named = platform?.[1] ?? platform?.[2]
  return named === 'universal' ? undefined : named
}

/** In one pass, however many comments are begun and never ended. */
const withoutComments = (xml: string): string =>
  xml
    .split('<!--')
    .map((part, i) => (i === 0 ? part : part.includes('-->') ? part.slice(part.indexOf('-->') + 3) : ''))
    .join('')

/** The icon that package.json names, where it is a picture that a browser shows and nothing else. */
function iconOf(
  { icon }: Record<string, unknown>,
  entries: ReadonlyMap<string, Entry>,
): { type: 'png' | 'jpeg'; entry: Entry } | undefined {
  if (typeof icon !== 'string') return undefined
  const entry = entries.get(posix.join('extension', icon))
  const ending = /\.(png|jpe?g)$/i.exec(icon)?.[1]?.toLowerCase()
  return entry && ending ? { type: ending === 'png' ? 'png' : 'jpeg', entry } : undefined
}
