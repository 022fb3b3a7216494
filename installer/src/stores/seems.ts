import { decodeHeader, isZeros, record } from '@sealift/bundle-spec/ustar.ts'
import { type Readable, readUpTo } from './read-exactly.ts'
import { type Seeming, seemsText } from './seems-text.ts'

/** bytes that are looked at: the last sign is that of ISO 9660, in the first of its descriptors */
const looked = 33 * 1024

const compressed = (name: string, program: string): Seeming => ({
  what: `it is compressed with ${name}`,
  fix: `uncompress it first, with ${program}`,
})
const packed = (name: string, program: string): Seeming => ({
  what: `it is a ${name} archive`,
  fix: `unpack it first, with ${program}, and name what was in it`,
})
const encrypted = (by: string, program: string): Seeming => ({
  what: `it is encrypted with ${by}`,
  fix: `decrypt it first, with ${program}`,
})
const other = (what: string): Seeming => ({ what: `it seems to be ${what}` })

/** Signs of kinds of files: bytes at an offset, each character one byte. Those that chance makes too stand last. */
const signs: readonly (readonly [offset: number, sign: string, Seeming])[] = [
  [0, '\x1f\x8b\x08', compressed('gzip', 'gunzip')],
  [0, '\x28\xb5\x2f\xfd', compressed('zstd', 'unzstd')],
  [0, '\xfd7zXZ\0', compressed('xz', 'unxz')],
  [0, 'BZh', compressed('bzip2', 'bunzip2')],
  [0, '\x04\x22\x4d\x18', compressed('lz4', 'unlz4')],
  [0, 'LZIP', compressed('lzip', 'lzip -d')],
  [0, '\x89LZO\0', compressed('lzop', 'lzop -d')],
  [0, '\xff\x06\0\0sNaPpY', compressed('snappy', 'a program for it')],
  [0, 'PK\x03\x04', packed('zip', 'unzip')],
  [0, 'PK\x05\x06', packed('zip', 'unzip')],
  [0, 'PK\x07\x08', packed('zip', 'unzip')],
  [0, '7z\xbc\xaf\x27\x1c', packed('7z', '7z x')],
  [0, 'Rar!\x1a\x07', packed('RAR', 'unrar x')],
  [0, 'MSCF', packed('cabinet', 'cabextract')],
  [0, '0707', packed('cpio', 'cpio -i')],
  [0, '!<arch>\n', other('a Debian package or another ar archive')],
  [0, '\xed\xab\xee\xdb', other('an RPM package')],
  [0, 'Salted__', encrypted('OpenSSL', 'openssl enc -d')],
  [0, 'age-encryption.org/', encrypted('age', 'age -d')],
  [0, 'LUKS\xba\xbe', encrypted('LUKS', 'cryptsetup')],
  [0, '%PDF-', other('a PDF document')],
  [0, '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', other('a document of an office program')],
  [0, '\x7fELF', other('a program for Linux (ELF)')],
  [0, '\xcf\xfa\xed\xfe', other('a program for macOS')],
  [0, 'MZ', other('a program for Windows')],
  [0, 'SQLite format 3\0', other('an SQLite database')],
  [0, 'PGDMP', other('a dump of PostgreSQL')],
  [0, 'hsqs', other('a squashfs file system')],
  [0, 'QFI\xfb', other('the disk of a virtual machine (qcow2)')],
  [0, 'KDMV', other('the disk of a virtual machine (VMDK)')],
  [0, 'vhdxfile', other('the disk of a virtual machine (VHDX)')],
  [0, '\x89PNG\r\n', other('a picture (PNG)')],
  [0, '\xff\xd8\xff', other('a picture (JPEG)')],
  [0x8001, 'CD001', other('an image of a CD or DVD (ISO 9660)')],
  [0x438, '\x53\xef', other('an ext4 file system')],
  [0x1fe, '\x55\xaa', other('an image of a disk')],
  [0, '\x1f\x9d', compressed('compress', 'uncompress')],
]

/** Looks at the first bytes of a file that is not what it should be. It always says something. */
export const lookAt = async (file: Readable): Promise<Seeming> => seemsToBe(await readUpTo(file, 0, looked))

/** @param start the first bytes of the file, or all of it */
export function seemsToBe(start: Buffer): Seeming {
  if (start.length === 0)
    return { what: 'it is empty', fix: 'carry it over again, and compare its size with the sender' }
  const tar = start.toString('latin1', 257, 262) === 'ustar' ? decodeHeader(start.subarray(0, record)) : undefined
  if (tar) return seemsTar(tar.name)
  const found = signs.find(([offset, sign]) => start.toString('latin1', offset, offset + sign.length) === sign)
  if (found) return found[2]
  if (isOpenPgp(start)) return encrypted('GPG', 'gpg -d')
  if (isZeros(start.subarray(0, record)))
    return { what: 'it begins with zeros, as a file whose content never came', fix: 'carry it over again' }
  return (
    seemsText(start) ?? {
      what: 'its first bytes are of no known kind: it may be encrypted, damaged, or a piece of a larger file',
      fix: 'compare its size and SHA-256 with the sender; pieces that were cut have to be joined',
    }
  )
}

function seemsTar(first: string): Seeming {
  if (first.startsWith('blobs/sha256/'))
    return { what: 'it begins in the middle of a tar: it is a piece of a larger file' }
  const name = first.slice(0, 60)
  if (name === 'oci-layout' || name === './oci-layout')
    return {
      what: 'it is an OCI layout in a tar: a bundle, or what others call oci-archive',
      fix: 'carry the original file: a bundle must not be unpacked and packed again',
    }
  return { what: `it is a tar of another kind, which begins with ${JSON.stringify(name)}` }
}

/**
 * Whether this begins as a message for a key or a passphrase: a packet of tag 1 or 3 with its version (RFC 9580, 4.2 and
 * 5.1 to 5.3).
 */
function isOpenPgp(start: Buffer): boolean {
  const [first = 0, length = 0] = start
  const isNew = (first & 0xc0) === 0xc0
  if (first < 0x80 || (!isNew && (first & 3) > 1)) return false
  const tag = isNew ? first & 0x3f : (first >> 2) & 0xf
  const versionAt = isNew ? (length < 192 ? 2 : 3) : 2 + (first & 3)
  const version = start[versionAt] ?? 0
  return (tag === 1 && (version === 3 || version === 6)) || (tag === 3 && version >= 4 && version <= 6)
}
