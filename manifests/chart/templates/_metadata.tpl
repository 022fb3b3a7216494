{{/*
Where clouds answer every pod of a node with the node's credentials, or with what starts it. No rule leads there, whatever
the values say. Policies add up, and an `except` holds for its own block only, so each block that goes out is fenced.
- 169.254.0.0/16, fe80::/10: link-local (RFC 3927, RFC 4291): AWS, Azure, Google, Oracle, OpenStack and most others
  (169.254.169.254), ECS (169.254.170.2), EKS Pod Identity (169.254.170.23), Tencent, Scaleway
- fd00:ec2::/32: AWS (EC2 user guide, "Instance metadata": fd00:ec2::254; EKS Pod Identity: fd00:ec2::23)
- fd20:ce::254: Google (Compute Engine, "Metadata server", IPv6-only instances)
- 168.63.129.16: Azure's WireServer ("What is IP address 168.63.129.16?")
- 100.100.100.200, fd00:100::100:200: Alibaba (ECS, "Instance metadata")
- 192.0.0.192, fd00:c1::a9fe:a9fe: Oracle (Compute Classic; OCI's IPv6)
- fd00:42::42: Scaleway; fd00:a9fe:a9fe::1: Linode
- 64:ff9b::/96 (RFC 6052): the IPv4 ones again, through a NAT64
*/}}
{{- define "cde.metadata" -}}
["169.254.0.0/16", "168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32", "fe80::/10", "fd00:ec2::/32",
"fd20:ce::254/128", "fd00:100::100:200/128", "fd00:c1::a9fe:a9fe/128", "fd00:42::42/128", "fd00:a9fe:a9fe::1/128",
"64:ff9b::a9fe:0/112", "64:ff9b::a83f:8110/128", "64:ff9b::6464:64c8/128", "64:ff9b::c000:c0/128"]
{{- end -}}

{{/* Peers to go to, without those addresses. Call with (list name-of-the-value peers). */}}
{{- define "cde.fenced" -}}
{{- $from := index . 0 -}}
{{- $fenced := list -}}
{{- range index . 1 -}}
{{- $peer := deepCopy . -}}
{{- with $peer.ipBlock -}}
{{- $block := include "cde.bits" .cidr -}}
{{- $except := default list .except -}}
{{- range include "cde.metadata" $ | fromJsonArray -}}
{{- $bits := include "cde.bits" . -}}
{{- if hasPrefix $bits $block -}}
{{- fail (printf "%s opens %s, where clouds give out the credentials of nodes (%s): remove it" $from $peer.ipBlock.cidr .) -}}
{{- else if hasPrefix $block $bits -}}
{{- $except = append $except . -}}
{{- end -}}
{{- end -}}
{{- $_ := set . "except" (uniq $except) -}}
{{- if not $except }}{{ $_ := unset . "except" }}{{ end -}}
{{- end -}}
{{- $fenced = append $fenced $peer -}}
{{- end -}}
{{- toYaml $fenced -}}
{{- end -}}

{{/*
A CIDR as its family and the bits of its prefix: `4:00001010` of 10.0.0.0/8. It lies within another one whose bits it
begins with.
*/}}
{{- define "cde.bits" -}}
{{- $address := splitList "/" . | first -}}
{{- $family := 4 -}}
{{- $bits := "" -}}
{{- if contains ":" $address -}}
{{- $family = 6 -}}
{{- $halves := splitList "::" $address -}}
{{- $groups := splitList ":" (first $halves) | compact -}}
{{- if gt (len $halves) 1 -}}
{{- $rest := splitList ":" (last $halves) | compact -}}
{{- range until (sub 8 (add (len $groups) (len $rest)) | int) }}{{ $groups = append $groups "0" }}{{ end -}}
{{- $groups = concat $groups $rest -}}
{{- end -}}
{{- range $groups }}{{ $bits = printf "%s%016b" $bits (printf "0x%s" . | int64) }}{{ end -}}
{{- if or (ne (len $bits) 128) (gt (len $halves) 2) }}{{ fail (printf "%s is not an address" .) }}{{ end -}}
{{- if hasPrefix (printf "%s%s" (repeat 80 "0") (repeat 16 "1")) $bits }}{{ fail (printf "write %s as IPv4" .) }}{{ end -}}
{{- else -}}
{{- range splitList "." $address }}{{ $bits = printf "%s%08b" $bits (int64 .) }}{{ end -}}
{{- end -}}
{{- $family }}:{{ trunc (splitList "/" . | last | int) $bits -}}
{{- end -}}
