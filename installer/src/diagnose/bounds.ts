/** Limits of a diagnosis: bytes and milliseconds unless the name says otherwise. */
export const bounds = {
  /** the archive, where nobody says otherwise, and the least that makes sense */
  archive: 50_000_000,
  leastArchive: 2_000_000,
  /** all files together before they are compressed, in archives; texts shrink to a tenth and less */
  rawFactor: 4,
  /** one file of the archive, at most and (of logs) at least */
  file: 8 * 1024 * 1024,
  leastLog: 64 * 1024,
  /** lines of a list in the summary, characters of each */
  summaryLines: 200,
  summaryLine: 600,
  /** one answer of the API server that is read as a whole */
  answer: 64 * 1024 * 1024,
  /** objects in one answer, objects of one kind */
  page: 100,
  objects: 5000,
  /** containers whose logs are read, lines of each */
  logs: 400,
  logLines: 100_000,
  /** characters of a line that are held */
  line: 32 * 1024,
  /** requests under way, and logs (each holds one file) */
  atOnce: 8,
  logsAtOnce: 4,
  /** a local file that is taken along, files of the state directory */
  localFile: 8 * 1024 * 1024,
  localFiles: 200,
  /** time for the first word of the API server, one kind of objects, one log, one local part, all of the cluster */
  probe: 5_000,
  kind: 20_000,
  log: 30_000,
  local: 5_000,
  cluster: 300_000,
} as const
