/** What an installation says of the way to it: `kubectl --kubeconfig FILE --namespace cde`. */
export interface Reached {
  kubectl: string
}

/** The command that shows the password of the first user, admin. */
export const passwordCommand = ({ kubectl }: Reached): string =>
  `${kubectl} get secret cde-admin -o jsonpath={.data.password} | base64 -d`

/** The command that writes the certificate of the installation's own CA into a file. */
export const authorityCommand = ({ kubectl }: Reached): string =>
  `${kubectl} get secret cde-ca -o jsonpath='{.data.ca\\.crt}' | base64 -d > cde-ca.crt`
