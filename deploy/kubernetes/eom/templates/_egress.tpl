{{/* One rule: these peers on these ports. Without peers: anywhere. Takes to, ports and protocols. */}}
{{- define "eom.egressRule" -}}
- ports:
    {{- range $port := .ports }}
    {{- range $protocol := $.protocols | default (list "TCP") }}
    - {protocol: {{ $protocol }}, port: {{ $port }}}
    {{- end }}
    {{- end }}
  {{- with .to }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "eom.egressToDatabase" -}}
{{- with .Values.networkPolicy.egress -}}
{{ include "eom.egressRule" (dict "to" .dns.to "ports" .dns.ports "protocols" (list "UDP" "TCP")) }}
{{ include "eom.egressRule" .database }}
{{- end -}}
{{- end -}}

{{- define "eom.egress" -}}
{{- $values := .Values -}}
{{ include "eom.egressToDatabase" . }}
{{- with .Values.networkPolicy.egress }}
{{- if eq $values.secretStore.type "vault" }}
{{ include "eom.egressRule" .vault }}
{{- end }}
{{- if or $values.engine.dagster.url $values.engine.dagster.connectionsSecret.name }}
{{ include "eom.egressRule" .dagster }}
{{- end }}
{{- if .outside.ports }}
{{ include "eom.egressRule" .outside }}
{{- end }}
{{- with .extra }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- end -}}
