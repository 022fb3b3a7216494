/** Answers that name the files of a site in their own directory; `registry` in YAML. */
export const answersText = (registry: string): string => `apiVersion: sealift.dev/v1
kind: Answers
mode: airgapped
bundle: cde.bundle
license: my.license
trust: [vendor.pub]
kubeconfig: kubeconfig
registry: ${registry}
host: cde.example
`
