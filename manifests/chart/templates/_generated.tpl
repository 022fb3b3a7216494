{{/*
Secrets that the chart makes on first install and keeps over upgrades, as YAML of base64 values. They are made once for
each rendering, so that objects and checksums agree. Call "cde.generated" first, then read .Values.generated.
*/}}
{{- define "cde.generated" -}}
{{- if not (hasKey .Values "generated") -}}
{{- $made := dict -}}
{{- $_ := set $made "admin" (include "cde.kept" (list . "admin" (list "password")) | fromYaml) -}}
{{- if not $made.admin -}}
{{- $_ := set $made "admin" (dict "password" (randAlphaNum 24 | b64enc)) -}}
{{- end -}}
{{- $_ := set $made "ticket" (include "cde.kept" (list . "ticket" (list "ticket.pem")) | fromYaml) -}}
{{- if not $made.ticket -}}
{{- $_ := set $made "ticket" (dict "ticket.pem" (genPrivateKey "ed25519" | b64enc)) -}}
{{- end -}}
{{- $_ := set $made "internal" (include "cde.kept" (list . "internal" (list "key")) | fromYaml) -}}
{{- if not $made.internal -}}
{{- $_ := set $made "internal" (dict "key" (randAlphaNum 48 | b64enc)) -}}
{{- end -}}
{{- $_ := set $made "ssh" (include "cde.kept" (list . "ssh" (list "host.pem")) | fromYaml) -}}
{{- if not $made.ssh -}}
{{- $_ := set $made "ssh" (dict "host.pem" (genPrivateKey "ed25519" | b64enc)) -}}
{{- end -}}
{{- $_ := set $made "postgres" (include "cde.kept" (list . "postgres" (list "password")) | fromYaml) -}}
{{- if not $made.postgres -}}
{{- $_ := set $made "postgres" (dict "password" (randAlphaNum 40 | b64enc)) -}}
{{- end -}}
{{- $_ := set $made "tls" (include "cde.kept" (list . "postgres-tls" (list "ca.crt" "tls.crt" "tls.key")) | fromYaml) -}}
{{- if not $made.tls -}}
{{- $name := include "cde.name" (list . "postgres") -}}
{{- $names := list $name (printf "%s.%s" $name .Release.Namespace) (printf "%s.%s.svc" $name .Release.Namespace) (printf "%s.%s%s" $name .Release.Namespace .Values.clusterDomainSuffix) -}}
{{- $ca := genCAWithKey (printf "%s-ca" $name) 3650 (genPrivateKey "ecdsa") -}}
{{- $cert := genSignedCertWithKey $name nil $names 3650 $ca (genPrivateKey "ecdsa") -}}
{{- $_ := set $made "tls" (dict "ca.crt" (b64enc $ca.Cert) "tls.crt" (b64enc $cert.Cert) "tls.key" (b64enc $cert.Key)) -}}
{{- end -}}
{{- $_ := set .Values "generated" $made -}}
{{- end -}}
{{- end -}}

{{/* The data of a secret that is there already and has all the keys; otherwise nothing. */}}
{{- define "cde.kept" -}}
{{- $root := index . 0 -}}
{{- $secret := lookup "v1" "Secret" $root.Release.Namespace (include "cde.name" (list $root (index . 1))) -}}
{{- $data := default dict $secret.data -}}
{{- $whole := true -}}
{{- range index . 2 }}{{ if not (hasKey $data .) }}{{ $whole = false }}{{ end }}{{ end -}}
{{- if $whole }}{{ toYaml $data }}{{ end -}}
{{- end -}}
