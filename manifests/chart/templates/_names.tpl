{{/* The name of one of the platform's objects: `cde-manager`. Call with (list $ "manager"). */}}
{{- define "cde.name" -}}
{{- printf "%s-%s" (index . 0).Release.Name (index . 1) | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The name of what is there once in a cluster, with the installation's: no namespace has a dot. Call with (list $ name). */}}
{{- define "cde.clusterName" -}}
{{ index . 1 }}.{{ (index . 0).Release.Namespace }}
{{- end -}}

{{/* The IngressClass: the own controller's, unless the site gives it another name, or the cluster's default. */}}
{{- define "cde.className" -}}
{{- if .Values.ingress.className -}}
{{ .Values.ingress.className }}
{{- else if .Values.ingress.controller.enabled -}}
{{ include "cde.clusterName" (list . .Release.Name) }}
{{- end -}}
{{- end -}}

{{/* Labels that never change, by which Services and policies find pods. */}}
{{- define "cde.selector" -}}
app.kubernetes.io/part-of: cde
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* The database by its major: another major has a StatefulSet, a claim and pods of its own, and the Service leads to one of them. */}}
{{- define "cde.databaseName" -}}
{{ include "cde.name" (list . (printf "postgres-%d" (int .Values.postgres.major))) }}
{{- end -}}

{{- define "cde.databaseSelector" -}}
{{ include "cde.selector" (list . "postgres") }}
sealift.dev/postgres-major: {{ .Values.postgres.major | int | quote }}
{{- end -}}

{{/* Fails where the data is in the volume of another major alone: this one would begin with an empty database. */}}
{{- define "cde.checkMajor" -}}
{{- $mine := printf "data-%s-0" (include "cde.databaseName" .) -}}
{{- $others := list -}}
{{- range (lookup "v1" "PersistentVolumeClaim" .Release.Namespace "").items -}}
{{- if eq .metadata.name $mine -}}
{{- $others = list "" -}}
{{- else if regexMatch (printf "^data-%s-[0-9]+-0$" (include "cde.name" (list $ "postgres"))) .metadata.name -}}
{{- $others = append $others .metadata.name -}}
{{- end -}}
{{- end -}}
{{- if and $others (not (has "" $others)) -}}
{{ fail (printf "the database is in %s, and this release has PostgreSQL %d, which cannot read it: sealift upgrade moves the data; after an uninstallation install the release of before, then upgrade" (join ", " $others) (int .Values.postgres.major)) }}
{{- end -}}
{{- end -}}

{{- define "cde.labels" -}}
{{ include "cde.selector" . }}
app.kubernetes.io/name: {{ include "cde.name" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ printf "%s-%s" (index . 0).Chart.Name (index . 0).Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* Labels of pods: without versions, which would restart pods that did not change. */}}
{{- define "cde.podLabels" -}}
{{ include "cde.selector" . }}
app.kubernetes.io/name: {{ include "cde.name" . }}
{{- end -}}

{{/* registry/repository:tag@digest */}}
{{- define "cde.image" -}}
{{- $root := index . 0 -}}
{{- $image := index $root.Values.images (index . 1) -}}
{{- $tag := $image.tag -}}
{{- if not (or $tag $image.digest) }}{{ $tag = $root.Chart.AppVersion }}{{ end -}}
{{ trimSuffix "/" $root.Values.image.registry }}/{{ $image.repository }}{{ with $tag }}:{{ . }}{{ end }}{{ with $image.digest }}@{{ . }}{{ end }}
{{- end -}}

{{/* How long open connections may go on, less what a pod needs to stop before Kubernetes kills it. */}}
{{- define "cde.drainSeconds" -}}
{{- max 0 (sub .Values.envproxy.terminationGracePeriodSeconds 15) -}}
{{- end -}}

{{- define "cde.accessURL" -}}
{{- if .Values.manager.accessURL -}}
{{ .Values.manager.accessURL }}
{{- else if .Values.ingress.host -}}
{{ ternary "https" "http" .Values.ingress.tls.enabled }}://{{ .Values.ingress.host }}
{{- else -}}
http://{{ include "cde.name" (list . "ingress") }}.{{ .Release.Namespace }}{{ .Values.clusterDomainSuffix }}
{{- end -}}
{{- end -}}

{{/* Whose X-Forwarded-* are believed: the own controller's pods, by a Service that leads to each, and what the site names. */}}
{{- define "cde.trustedProxies" -}}
{{- $proxies := .Values.ingress.trustedProxies -}}
{{- if .Values.ingress.controller.enabled -}}
{{- $proxies = append $proxies (printf "%s.%s%s." (include "cde.name" (list . "ingress-pods")) .Release.Namespace .Values.clusterDomainSuffix) -}}
{{- end -}}
{{ join "," $proxies }}
{{- end -}}

{{/* Fails where workspaces would answer at the platform's own host. Call with (list $ value host). The manager checks it again. */}}
{{- define "cde.checkHost" -}}
{{- $value := index . 1 -}}
{{- $host := index . 2 -}}
{{- $site := urlParse (include "cde.accessURL" (index . 0)) -}}
{{- if ne $site.scheme "https" }}{{ fail (printf "%s needs https: set ingress.tls.enabled or an https URL in manager.accessURL" $value) }}{{ end -}}
{{- if or (eq $site.hostname $host) (hasSuffix (printf ".%s" $host) $site.hostname) }}{{ fail (printf "%s covers the platform's own host %s: choose another" $value $site.hostname) }}{{ end -}}
{{- end -}}

{{/* Host below which dev URLs and editors are, or nothing. */}}
{{- define "cde.devurlsHost" -}}
{{- with .Values.devurls.host -}}
{{- include "cde.checkHost" (list $ "devurls.host" .) -}}
{{ . }}
{{- end -}}
{{- end -}}

{{/* Host of all editors, where they have no names of their own; or nothing. */}}
{{- define "cde.editorsHost" -}}
{{- with .Values.editors.host -}}
{{- $wildcard := $.Values.devurls.host -}}
{{- include "cde.checkHost" (list $ "editors.host" .) -}}
{{- if not $wildcard -}}
{{ . }}
{{- else if or (eq . $wildcard) (hasSuffix (printf ".%s" $wildcard) .) (hasSuffix (printf ".%s" .) $wildcard) -}}
{{ fail (printf "editors.host and devurls.host are within one another: leave out editors.host, since editors have names below %s" $wildcard) }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Secrets with certificates of the ingress, with commas. */}}
{{- define "cde.tlsSecrets" -}}
{{- $names := list .Values.ingress.tls.hostSecretName -}}
{{- if .Values.devurls.host }}{{ $names = append $names .Values.ingress.tls.devurlsHostSecretName }}{{ end -}}
{{- if include "cde.editorsHost" . }}{{ $names = append $names .Values.ingress.tls.editorsHostSecretName }}{{ end -}}
{{ $names | compact | uniq | join "," }}
{{- end -}}
