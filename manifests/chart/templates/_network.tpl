{{/* Head of a policy that cuts a component off from all that its rules don't name. */}}
{{- define "cde.policy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "cde.name" . }}
  labels: {{ include "cde.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{ include "cde.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
{{- end -}}

{{/* A peer: the pods of a component. */}}
{{- define "cde.peer" -}}
podSelector:
  matchLabels: {{ include "cde.selector" . | nindent 4 }}
{{- end -}}

{{/* Workspaces are the manager's objects, not the release's: no instance label. */}}
{{- define "cde.workspaces" -}}
matchLabels:
  app.kubernetes.io/part-of: cde
  app.kubernetes.io/component: workspace
{{- end -}}

{{- define "cde.toDNS" -}}
- ports:
{{- range .Values.networkPolicies.dnsPorts }}
    - { protocol: UDP, port: {{ . }} }
    - { protocol: TCP, port: {{ . }} }
{{- end }}
{{- with .Values.networkPolicies.dnsPeers }}
- to: {{ toYaml . | nindent 4 }}
{{- end }}
{{- end -}}

{{- define "cde.toKubernetes" -}}
- ports:
{{- range .Values.networkPolicies.kubernetesAPI.ports }}
    - { protocol: TCP, port: {{ . }} }
{{- end }}
{{- with .Values.networkPolicies.kubernetesAPI.cidrs }}
  to:
{{- range . }}
    - ipBlock: { cidr: {{ . | quote }} }
{{- end }}
{{- end }}
{{- end -}}

{{/* The load balancer as pods see it: the controller's pods, or the cluster's own ingress. */}}
{{- define "cde.toLoadBalancer" -}}
{{- if .Values.ingress.controller.enabled -}}
- to:
    - {{- include "cde.peer" (list . "ingress") | nindent 6 }}
  ports: [{ protocol: TCP, port: 8080 }, { protocol: TCP, port: 8443 }]
{{- else -}}
- ports: [{ protocol: TCP, port: 80 }, { protocol: TCP, port: 443 }]
{{- with .Values.networkPolicies.ingressFrom }}
- to: {{ toYaml . | nindent 4 }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* A rule that lets the load balancer in. Call with (list $ port). */}}
{{- define "cde.fromLoadBalancer" -}}
{{- $root := index . 0 -}}
- ports: [{ protocol: TCP, port: {{ index . 1 }} }]
{{- if $root.Values.ingress.controller.enabled }}
  from:
    - {{- include "cde.peer" (list $root "ingress") | nindent 6 }}
{{- else }}
{{- with $root.Values.networkPolicies.ingressFrom }}
  from: {{ toYaml . | nindent 4 }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Where the envproxy reaches workspaces: their own doors, or with dev URLs any port, since people choose those. */}}
{{- define "cde.workspacePorts" -}}
{{- if .Values.devurls.host -}}
[{ protocol: TCP }]
{{- else -}}
[{ protocol: TCP, port: 13337 }, { protocol: TCP, port: 26337 }, { protocol: TCP, port: 12212 }]
{{- end -}}
{{- end -}}
