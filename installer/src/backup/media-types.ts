/** artifactType of a backup's manifest, and media type of what it says of itself */
export const backupType = 'application/vnd.sealift.backup.v1'
export const documentType = 'application/vnd.sealift.backup.v1+json'

/** What is in a backup, with the media type of each part; of an encrypted one (age) it ends with `+age`. */
export const parts = {
  /** of pg_dump, in its custom format */
  dump: 'application/vnd.sealift.backup.dump.v1',
  secrets: 'application/vnd.sealift.backup.secrets.v1+json',
  receipt: 'application/vnd.sealift.backup.receipt.v1+json',
  answers: 'application/vnd.sealift.backup.answers.v1+yaml',
  /** of the chart, as Helm had them */
  values: 'application/vnd.sealift.backup.values.v1+json',
} as const

export type Part = keyof typeof parts

export const encrypted = (mediaType: string): string => `${mediaType}+age`
