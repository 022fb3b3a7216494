const graphNodes = 40_000

/** Limits for input that nobody has vouched for yet. Bytes unless the name says otherwise. */
export const limits = {
  /** index.json, and every manifest and config document that is parsed */
  document: 4 * 1024 * 1024,
  /** the signature file beside index.json */
  signature: 64 * 1024,
  /** nesting of a JSON document */
  jsonDepth: 64,
  /** of the longest document, for each key and each value: 104,857 of 4 MiB, which 17,000 descriptors have */
  jsonValueBytes: 40,
  /** nesting of index -> index -> manifest */
  graphDepth: 8,
  /** distinct descriptors in one graph */
  graphNodes,
  /** its documents together: they are parsed, and kept while the graph is */
  graphDocuments: 12 * 1024 * 1024,
  /** keys and values in them, of which a descriptor has six at least */
  graphValues: 300_000,
  /** the descriptors that they name, once for each name that reaches them: what is listed, asked and seeded by name */
  graphPlaces: 150_000,
  /** entries of a bundle file: oci-layout, index.json, its signature, and each node of the graph once */
  tarEntries: graphNodes + 3,
  /** rounds of PBKDF2 that the file of an encrypted private key may ask for: two seconds with the slowest hash */
  keyRounds: 2_000_000,
  /** the same for scrypt: its N * r * p, a block of 128 bytes each (OpenSSL itself takes 32 MiB at most) */
  keyScrypt: 1 << 22,
  /** a license file */
  license: 64 * 1024,
  /** a file with a key, certificates or a password: the CAs that a system trusts are about 220 KiB */
  smallFile: 256 * 1024,
  /** a kubeconfig: the CAs and logins of many clusters may be in it */
  kubeconfig: 4 * 1024 * 1024,
  /** docker's configuration, with the logins to many registries */
  dockerConfig: 4 * 1024 * 1024,
  /** an SBOM */
  sbom: 64 * 1024 * 1024,
  /** an answers or release file */
  configuration: 1024 * 1024,
  /** what YAML consists of: words, marks, line ends, spaces between them. Reading 100,000 takes under a second */
  yamlTokens: 100_000,
  /** values.yaml or values.schema.json of a chart */
  chartValues: 4 * 1024 * 1024,
  /** nesting of YAML */
  yamlDepth: 64,
  /** nodes of YAML, an alias's at each use */
  yamlNodes: 100_000,
  /** a document with an allowlist: `mostEndpoints` entries, and room */
  allowlist: 32 * 1024 * 1024,
  /** each file of a VSIX that is read: manifest, texts, icon */
  extensionFile: 1024 * 1024,
  /** entries of a VSIX */
  extensionEntries: 50_000,
  /** all that a VSIX unpacks to, which an editor writes to a workspace's disk */
  extensionUnpacked: 2 * 1024 * 1024 * 1024,
  /** a chart: all that its archive unpacks to, charts within it included; one file of it (as in Helm); its entries */
  chartUnpacked: 32 * 1024 * 1024,
  chartFile: 5 * 1024 * 1024,
  chartEntries: 5000,
  /** what a chart renders to; memory that helm may take for it */
  rendered: 16 * 1024 * 1024,
  renderMemory: 256 * 1024 * 1024,
  /** characters of a reference, as in distribution */
  referenceLength: 1024,
  /** a list of a registry with all of its pages, and their number and that of its entries */
  list: 8 * 1024 * 1024,
  listPages: 100,
  listEntries: 10_000,
  /** bytes a second that a registry sends at least, on average over a fifth of the patience with it */
  pace: 1024,
  /** hosts that the pulls of a release may lead to */
  observedHosts: 256,
  /** addresses of one host that are kept, of an allowlist */
  addresses: 64,
} as const
