import { record } from '@sealift/bundle-spec/tar.ts'

/** A file of a tar archive; its content is a part of the archive's own buffer. */
export interface TarFile {
  name: string
  content: Buffer
}

/** What is wrong with an archive, in words that follow "it ". */
export class TarFault extends Error {}

/** bytes of the headers that only say something of the next one (Go's archive/tar takes 1 MiB) */
const extensionLimit = 64 * 1024

/** Records of a pax header that change neither name nor content: all that the usual tars write beside `path`. */
const harmless = /^(?:[acm]time|[ug]id|[ug]name|comment|(?:LIBARCHIVE|SCHILY)\.(?!realsize)[\w.:/@-]+)$/

/**
 * Reads a tar archive of regular files and directories, so that no two readers can see different ones: types by their
 * letters (0 and 5; x, g and L where they give a long name or nothing that matters), every checksum, every name once.
 * The rules are those of Go's archive/tar, by which Helm reads (POSIX.1-2017, pax, "ustar Interchange Format"), less what
 * it guesses.
 * @throws TarFault
 */
export function readTar(archive: Buffer, mostEntries: number): TarFile[] {
  const files: TarFile[] = []
  const seen = new Map<string, 'file' | 'directory'>()
  let longName: string | undefined
  let entries = 0
  let at = 0
  for (;;) {
    if (at + 2 * record > archive.length) throw new TarFault('ends before its end marker')
    const block = archive.subarray(at, at + record)
    if (isZero(block)) break
    if (++entries > mostEntries) throw new TarFault(`has more than ${mostEntries} entries`)
    const { type, size, ...header } = readHeader(block)
    const start = at + record
    at = start + Math.ceil(size / record) * record
    if (at > archive.length) throw new TarFault(`ends within ${shown(longName ?? header.name)}`)
    const content = archive.subarray(start, start + size)
    if (type === 'x' || type === 'g' || type === 'L') {
      if (size > extensionLimit) throw new TarFault('has a header of more than 64 KiB')
      const name = type === 'L' ? text(content) : pathOf(content, type === 'x')
      if (name !== undefined && longName !== undefined) throw new TarFault(`has two names for ${shown(name)}`)
      longName ??= name
      continue
    }
    const given = longName ?? header.name
    longName = undefined
    const isDirectory = type === '5'
    if (isDirectory && size > 0) throw new TarFault(`has a directory with content, ${shown(given)}`)
    const name = isDirectory ? given.replace(/\/$/, '') : given
    assertName(name, seen, isDirectory)
    if (!isDirectory) files.push({ name, content })
  }
  if (longName !== undefined) throw new TarFault('ends behind a long name')
  if (!isZero(archive.subarray(at))) throw new TarFault('has something behind its end marker')
  return files
}

function readHeader(block: Buffer): { type: string; size: number; name: string } {
  const sum = block.reduce((all, byte, i) => all + (i >= 148 && i < 156 ? 32 : byte), 0)
  if (octal(block, 148, 8) !== sum) throw new TarFault('is damaged: the checksum of a header is wrong')
  const magic = block.toString('latin1', 257, 265)
  const isPosix = magic === 'ustar\x0000'
  if (!isPosix && magic !== 'ustar  \0' && !isZero(block.subarray(257)))
    throw new TarFault('has a header of no known kind')
  if (isPosix && block.toString('latin1', 508) === 'tar\0') throw new TarFault('has a header of the kind star')
  const prefix = isPosix ? text(block.subarray(345, 500)) : ''
  const name = (prefix === '' ? '' : `${prefix}/`) + text(block.subarray(0, 100))
  const letter = String.fromCharCode(block[156] as number)
  const type = letter === '\0' ? '0' : letter
  if (!'05xgL'.includes(type)) throw new TarFault(`holds ${kindOf(letter)}, ${shown(name)}`)
  const size = octal(block, 124, 12)
  if (size === undefined) throw new TarFault(`has no plain size for ${shown(name)}`)
  // a format in the mode wins over the type where Go reads it
  const mode = octal(block, 100, 8)
  const format = mode === undefined ? -1 : mode & ~0o7777
  const own = type === '5' ? 0o040000 : 0o100000
  if (type < 'A' && format !== 0 && format !== own) throw new TarFault(`has two kinds for ${shown(name)}`)
  return { type, size, name }
}

const kinds: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a device',
  '4': 'a device',
  '6': 'a FIFO',
  S: 'a sparse file',
}
const kindOf = (letter: string): string => kinds[letter] ?? `an entry of the unknown type ${JSON.stringify(letter)}`

/** A number in octal digits; undefined where it is written any other way. */
function octal(block: Buffer, at: number, length: number): number | undefined {
  const [, digits] = /^[ \0]*([0-7]+)[ \0]*$/.exec(block.toString('latin1', at, at + length)) ?? []
  return digits === undefined ? undefined : Number.parseInt(digits, 8)
}

/** The `path` of a pax header ("pax Extended Header": `LENGTH KEY=VALUE\n`). */
function pathOf(content: Buffer, mayName: boolean): string | undefined {
  const keys = new Set<string>()
  let path: string | undefined
  for (let at = 0; at < content.length; ) {
    const [, length] = /^([1-9][0-9]{0,5}) /.exec(content.toString('latin1', at, at + 7)) ?? []
    const end = at + Number(length)
    const equals = content.indexOf(0x3d, at)
    if (length === undefined || end > content.length || content[end - 1] !== 0x0a || equals === -1 || equals >= end)
      throw new TarFault('has a pax header that is damaged')
    const key = text(content.subarray(at + length.length + 1, equals))
    if (keys.has(key)) throw new TarFault(`has a pax header that says ${shown(key)} twice`)
    keys.add(key)
    if (key === 'path' && mayName) path = text(content.subarray(equals + 1, end - 1), false)
    else if (!harmless.test(key)) throw new TarFault(`has a pax header that sets ${shown(key)}`)
    at = end
  }
  return path
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A text in UTF-8, up to its first NUL where it may have one. */
function text(bytes: Buffer, endsAtNul = true): string {
  const end = endsAtNul ? bytes.indexOf(0) : -1
  try {
    return decoder.decode(end === -1 ? bytes : bytes.subarray(0, end))
  } catch {
    throw new TarFault('has a name that is not UTF-8')
  }
}

/** Takes a name into those seen: one that leads nowhere else, and that no file system takes for another one. */
function assertName(name: string, seen: Map<string, 'file' | 'directory'>, isDirectory: boolean): void {
  const parts = name.split('/')
  if (parts.some((part) => part === '' || part === '.' || part === '..') || /[\\\p{Cc}\p{Cf}]|^[A-Za-z]:/u.test(name))
    throw new TarFault(`has a name that leads elsewhere, ${shown(name)}`)
  if (name.length > 1024) throw new TarFault('has a name that is too long')
  const folded = name.normalize('NFC').toLowerCase()
  const before = seen.get(folded)
  if (before !== undefined && !(isDirectory && before === 'directory'))
    throw new TarFault(`has ${shown(name)} twice, small and capital letters being the same`)
  for (let slash = folded.indexOf('/'); slash !== -1; slash = folded.indexOf('/', slash + 1)) {
    const above = folded.slice(0, slash)
    if (seen.get(above) === 'file') throw new TarFault(`has ${shown(name)} below a file`)
    seen.set(above, 'directory')
  }
  seen.set(folded, isDirectory ? 'directory' : 'file')
}

const isZero = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0)
const shown = (name: string): string => JSON.stringify(name.slice(0, 100)).replace(/[\p{Cc}\p{Cf}]/gu, '?')
