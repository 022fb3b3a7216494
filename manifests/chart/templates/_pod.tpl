{{/* What every pod of the platform has in common. Call with (list $ component). */}}
{{- define "cde.pod" -}}
{{- $root := index . 0 -}}
serviceAccountName: {{ include "cde.name" . }}
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- with $root.Values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.serviceTolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{ include "cde.selector" . | nindent 8 }}
{{- end -}}

{{/*
How pods are replaced: one more, and the old one goes once the new one has been ready for as long as load balancers, ingress
and network policies may need to hear of it. The old one serves until they have heard that it leaves (services/lame-duck.ts).
*/}}
{{- define "cde.rollout" -}}
strategy: { type: RollingUpdate, rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }
minReadySeconds: 5
{{- end -}}

{{/* Name, image and rights of a pod's one container. */}}
{{- define "cde.container" -}}
{{- $root := index . 0 -}}
name: {{ index . 1 }}
image: {{ include "cde.image" . }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end -}}

{{/*
Probes for a container that listens at a port. Liveness ends what a restart mends: a process that no longer listens, for
three minutes. One that is slow on a busy node, or whose neighbours are away, is out of readiness alone: a restart would
cost it what it has, and come back to the same. Call with (list port readiness [seconds to start in, else 600]).
*/}}
{{- define "cde.probes" -}}
startupProbe: { tcpSocket: { port: {{ index . 0 }} }, periodSeconds: 1, timeoutSeconds: 10, failureThreshold: {{ if gt (len .) 2 }}{{ index . 2 }}{{ else }}600{{ end }} }
livenessProbe: { tcpSocket: { port: {{ index . 0 }} }, periodSeconds: 20, timeoutSeconds: 10, failureThreshold: 9 }
readinessProbe: { {{ index . 1 }}, periodSeconds: 5, timeoutSeconds: 5 }
{{- end -}}

{{- define "cde.healthz" -}}
httpGet: { path: /healthz, port: {{ . }} }
{{- end -}}
