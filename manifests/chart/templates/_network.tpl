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

{{/* Anyone at a resolver's ports; the given pods at any; given addresses (NodeLocal DNSCache: 169.254.20.10) at 53 alone. */}}
{{- define "cde.toDNS" -}}
{{- $pods := list -}}
{{- $blocks := list -}}
{{- range .Values.networkPolicies.dnsPeers -}}
{{- if .ipBlock }}{{ $blocks = append $blocks . }}{{ else }}{{ $pods = append $pods . }}{{ end -}}
{{- end -}}
- to: {{- include "cde.anywhere" . | nindent 4 }}
  ports:
{{- range .Values.networkPolicies.dnsPorts }}
    - { protocol: UDP, port: {{ . }} }
    - { protocol: TCP, port: {{ . }} }
{{- end }}
{{- with $pods }}
- to: {{- toYaml . | nindent 4 }}
{{- end }}
{{- with $blocks }}
- to: {{- toYaml . | nindent 4 }}
  ports: [{ protocol: UDP, port: 53 }, { protocol: TCP, port: 53 }]
{{- end }}
{{- end -}}

{{/* How a Service that clients reach from outside gets at its pods; a ClusterIP has no say. */}}
{{- define "cde.trafficPolicy" -}}
{{- if ne .Values.serviceType "ClusterIP" }}externalTrafficPolicy: {{ .Values.ingress.externalTrafficPolicy }}{{ end -}}
{{- end -}}

{{- define "cde.toKubernetes" -}}
{{- $peers := list -}}
{{- range .Values.networkPolicies.kubernetesAPI.cidrs }}{{ $peers = append $peers (dict "ipBlock" (dict "cidr" .)) }}{{ end -}}
- to: {{- include "cde.given" (list "networkPolicies.kubernetesAPI.cidrs" $peers) | nindent 4 }}
  ports:
{{- range .Values.networkPolicies.kubernetesAPI.ports }}
    - { protocol: TCP, port: {{ . }} }
{{- end }}
{{- end -}}

{{/* The load balancer as pods see it: the controller's pods, or the cluster's own ingress. Its pods have ports of their own choice. */}}
{{- define "cde.toLoadBalancer" -}}
{{- if .Values.ingress.controller.enabled -}}
- to:
    - {{- include "cde.peer" (list . "ingress") | nindent 6 }}
  ports: [{ protocol: TCP, port: 8080 }, { protocol: TCP, port: 8443 }]
{{- else -}}
{{- $pods := list -}}
{{- $blocks := list -}}
{{- range include "cde.ownIngress" . | fromYamlArray -}}
{{- if .ipBlock }}{{ $blocks = append $blocks . }}{{ else }}{{ $pods = append $pods . }}{{ end -}}
{{- end -}}
{{- with $pods -}}
- to: {{- toYaml . | nindent 4 }}
{{- end }}
{{- with $blocks }}
- to: {{- include "cde.fenced" (list "networkPolicies.ingressFrom" .) | nindent 4 }}
  ports: [{ protocol: TCP, port: 80 }, { protocol: TCP, port: 443 }]
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
  from: {{- include "cde.ownIngress" $root | nindent 4 }}
{{- end }}
{{- end -}}

{{/* The schema says it first, where it is looked at. */}}
{{- define "cde.ownIngress" -}}
{{- with .Values.networkPolicies.ingressFrom -}}
{{- toYaml . -}}
{{- else -}}
{{- fail "set networkPolicies.ingressFrom to the peers (as in a NetworkPolicy) of the cluster's own ingress: with ingress.controller.enabled=false nobody else may reach the platform" -}}
{{- end -}}
{{- end -}}

{{/* Peers of a rule for whoever may come: addresses, and pods, which some networks don't count as addresses (Cilium). */}}
{{- define "cde.world" -}}
- ipBlock: { cidr: 0.0.0.0/0 }
- ipBlock: { cidr: "::/0" }
- namespaceSelector: {}
{{- end -}}

{{/* The same as peers to go to. */}}
{{- define "cde.anywhere" -}}
{{- include "cde.fenced" (list "" (include "cde.world" . | fromYamlArray)) -}}
{{- end -}}

{{/* Peers to go to that a value gives; anywhere where it gives none. Call with (list name-of-the-value peers). */}}
{{- define "cde.given" -}}
{{- if index . 1 }}{{ include "cde.fenced" . }}{{ else }}{{ include "cde.anywhere" . }}{{ end -}}
{{- end -}}

{{/* Where the envproxy reaches workspaces: their own doors, or with dev URLs any port, since people choose those. */}}
{{- define "cde.workspacePorts" -}}
{{- if .Values.devurls.host -}}
[{ protocol: TCP }]
{{- else -}}
[{ protocol: TCP, port: 13337 }, { protocol: TCP, port: 26337 }, { protocol: TCP, port: 12212 }]
{{- end -}}
{{- end -}}
