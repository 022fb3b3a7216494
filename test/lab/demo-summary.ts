import type { UpgradeSummary } from './demo-upgrade.ts'

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
const row = (label: string, figure: string) => `  ${label.padEnd(44)} ${figure.padStart(10)}`

/** What the demo did, as one screen of text. */
export function summaryText(
  { site, files, registry, platform, editor, sizes, times, memory, version, lines }: UpgradeSummary,
  kept: boolean,
): string {
  const { host, address } = platform
  const password = 'kubectl get secret cde-admin --namespace cde -o jsonpath={.data.password} | base64 -d'
  return [
    '',
    'Times',
    ...Object.entries(times).map(([title, ms]) => row(title, `${(ms / 1000).toFixed(1)} s`)),
    '',
    'Peak memory',
    ...Object.entries(memory).map(([command, bytes]) => row(`sealift ${command}`, megabytes(bytes))),
    '',
    'Sizes (compressed; the images share layers)',
    row('bundle', megabytes(sizes.bundle)),
    ...Object.entries(sizes.images).map(([name, size]) => row(`image ${name}`, megabytes(size))),
    '',
    `bundles   ${files.bundle}, ${files.next}`,
    `registry  ${registry}, served from these files`,
    `site      ${site.reused ? 'was running already and was used as it is' : 'newly brought up'}, KUBECONFIG=${site.kubeconfig}`,
    `platform  https://${host}/ at ${address}, upgraded to ${version}: an open terminal lost none of ${lines} lines`,
    `editor    ${new URL(editor).origin}/`,
    ...(kept
      ? [
          `          for a browser on this machine: echo "${address} ${host} ${new URL(editor).host}" >> /etc/hosts`,
          `user      admin; password: ${password}`,
        ]
      : []),
  ].join('\n')
}
