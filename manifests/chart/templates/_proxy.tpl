{{/*
The site's forward proxy as variables whose names begin with a prefix; in a URL goes what the last word says, such as a variable
with the login. Call with (list $ prefix login).
*/}}
{{- define "cde.proxyEnv" -}}
{{- $root := index . 0 -}}
{{- $prefix := index . 1 -}}
{{- $login := index . 2 -}}
{{- with $root.Values.proxy -}}
{{- if or .http .https -}}
{{- with .http }}
- { name: {{ $prefix }}HTTP_PROXY, value: {{ replace "://" (printf "://%s" $login) . | quote }} }
{{- end }}
{{- with .https }}
- { name: {{ $prefix }}HTTPS_PROXY, value: {{ replace "://" (printf "://%s" $login) . | quote }} }
{{- end }}
- { name: {{ $prefix }}NO_PROXY, value: {{ include "cde.noProxy" $root | quote }} }
{{- end }}
{{- end }}
{{- end -}}

{{/* Whom to reach without the proxy: the pod itself, the Kubernetes API, Services by any of their names, this site. */}}
{{- define "cde.noProxy" -}}
{{- $names := list "localhost" "127.0.0.1" "::1" "$(KUBERNETES_SERVICE_HOST)" ".svc" .Values.clusterDomainSuffix -}}
{{- range list "manager" "envproxy" "dashboard" "postgres" "ingress" -}}
{{- $names = append $names (include "cde.name" (list $ .)) -}}
{{- end -}}
{{- $names = append $names (urlParse (include "cde.accessURL" .)).hostname -}}
{{- with .Values.devurls.host -}}{{- $names = concat $names (list . (printf ".%s" .)) -}}{{- end -}}
{{- with .Values.editors.host -}}{{- $names = append $names . -}}{{- end -}}
{{- concat $names .Values.proxy.exempt | uniq | join "," -}}
{{- end -}}

{{/* A rule that lets out to the proxy. */}}
{{- define "cde.toProxy" -}}
{{- $ports := list -}}
{{- range list .Values.proxy.http .Values.proxy.https -}}
{{- with . -}}
{{- $url := urlParse . -}}
{{- $port := regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host) | default (ternary "443" "80" (eq $url.scheme "https")) -}}
{{- $ports = append $ports $port | uniq -}}
{{- end -}}
{{- end -}}
{{- if $ports -}}
- to: {{- include "cde.given" (list "proxy.peers" .Values.proxy.peers) | nindent 4 }}
  ports:
{{- range $ports }}
    - { protocol: TCP, port: {{ . }} }
{{- end }}
{{- end -}}
{{- end -}}
