/** A network that serves many customers from the same addresses, which it changes as it likes. */
interface SharedNetwork {
  name: string
  /** names that it gives its customers: what a host is an alias of (CNAME) ends with one */
  below: readonly string[]
  /** its word in names of hosts that customers call after it, as `production.cloudflare.docker.com` */
  label?: string
}

/**
 * Content delivery networks and stores of objects, by the names that their documentation tells customers to point a CNAME
 * at: Amazon CloudFront Developer Guide "Alternate domain names"; Amazon S3 User Guide "Virtual hosting of buckets"; Akamai
 * "Edge hostnames"; Cloudflare "Partial (CNAME) setup"; Fastly "CNAME records"; Azure "Front Door and CDN domains" and
 * "Storage account endpoints"; Edgio (EdgeCast), Google Cloud "Request endpoints", CDN77, KeyCDN, bunny.net, StackPath,
 * Imperva and CacheFly likewise. githubusercontent.com has no alias: its network 185.199.108.0/22 is announced by Fastly.
 */
const networks: readonly SharedNetwork[] = [
  { name: 'Amazon CloudFront', below: ['cloudfront.net'], label: 'cloudfront' },
  {
    name: 'Akamai',
    below: [
      ...['akamai.net', 'akamaiedge.net', 'akamaihd.net', 'akamaized.net', 'akadns.net'],
      ...['edgekey.net', 'edgesuite.net'],
    ],
    label: 'akamai',
  },
  { name: 'Cloudflare', below: ['cdn.cloudflare.net', 'cloudflare.net', 'r2.dev', 'pages.dev'], label: 'cloudflare' },
  { name: 'Cloudflare R2', below: ['r2.cloudflarestorage.com'] },
  { name: 'Fastly', below: ['fastly.net', 'fastlylb.net', 'githubusercontent.com'], label: 'fastly' },
  {
    name: 'Azure CDN or Front Door',
    below: ['azureedge.net', 'azurefd.net', 'msedge.net', 't-msedge.net', 'msecnd.net'],
  },
  { name: 'Azure Blob Storage', below: ['blob.core.windows.net', 'blob.storage.azure.net'] },
  { name: 'Edgio', below: ['edgecastcdn.net', 'edgecastdns.net', 'edgiocdn.net', 'llnwd.net'], label: 'edgecast' },
  { name: 'Google', below: ['googleusercontent.com', 'googleapis.com', 'pkg.dev', 'gcr.io', 'googlehosted.com'] },
  { name: 'CDN77', below: ['cdn77.org', 'cdn77.net'] },
  { name: 'KeyCDN', below: ['kxcdn.com'] },
  { name: 'bunny.net', below: ['b-cdn.net'] },
  { name: 'StackPath', below: ['stackpathcdn.com', 'stackpathdns.com', 'netdna-cdn.com', 'hwcdn.net'] },
  { name: 'Imperva', below: ['impervadns.net', 'incapdns.net'] },
  { name: 'CacheFly', below: ['cachefly.net'] },
]

/** `s3.amazonaws.com`, `bucket.s3.eu-west-1.amazonaws.com`, `s3-w.us-east-1.amazonaws.com` */
const s3 = /(^|\.)s3[a-z0-9-]*(\.[a-z0-9-]+)*\.amazonaws\.com$/

/** The network that serves a host, by its own name and the names that it is an alias of; undefined where none is known. */
export function networkOf(names: readonly string[]): string | undefined {
  const under = (name: string, domain: string) => name === domain || name.endsWith(`.${domain}`)
  for (const name of [...names].reverse()) {
    const found = networks.find(({ below }) => below.some((domain) => under(name, domain)))
    if (found) return found.name
    if (s3.test(name)) return 'Amazon S3'
  }
  const labels = names.flatMap((name) => name.split('.'))
  return networks.find(({ label }) => label !== undefined && labels.includes(label))?.name
}
