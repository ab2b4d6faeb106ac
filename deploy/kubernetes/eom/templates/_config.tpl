{{/* Variables whose values lie in Secrets: {EOM_X: {name, key}}, as JSON. */}}
{{- define "eom.secretFiles" -}}
{{- $files := deepCopy .Values.secretFiles -}}
{{- $_ := set $files "EOM_DATABASE_URL" .Values.database.urlSecret -}}
{{- with .Values.adminTokenSecret }}{{ if .name }}{{ $_ := set $files "EOM_ADMIN_TOKEN" . }}{{ end }}{{ end -}}
{{- with .Values.engine.dagster.headersSecret }}{{ if .name }}{{ $_ := set $files "EOM_DAGSTER_HEADERS" . }}{{ end }}{{ end -}}
{{- with .Values.engine.dagster.connectionsSecret }}{{ if .name }}{{ $_ := set $files "EOM_DAGSTER_CONNECTIONS" . }}{{ end }}{{ end -}}
{{- if eq .Values.secretStore.type "embedded" -}}
{{- $_ := set $files "EOM_KEY" .Values.secretStore.embedded.keySecret -}}
{{- else if eq .Values.secretStore.vault.auth "approle" -}}
{{- $_ := set $files "EOM_VAULT_SECRET_ID" .Values.secretStore.vault.secretIdSecret -}}
{{- else if eq .Values.secretStore.vault.auth "token" -}}
{{- $_ := set $files "EOM_VAULT_TOKEN" .Values.secretStore.vault.tokenSecret -}}
{{- end -}}
{{- toJson $files -}}
{{- end -}}

{{/* Variables that are no secret: {EOM_X: text}, as JSON. */}}
{{- define "eom.variables" -}}
{{- $values := deepCopy .Values.config -}}
{{- $_ := set $values "EOM_HOST" .Values.pod.host -}}
{{- $_ := set $values "EOM_PORT" (.Values.pod.port | toString) -}}
{{- $_ := set $values "EOM_DATA_DIR" "/var/lib/eom" -}}
{{- $_ := set $values "EOM_DATABASE_POOL" (.Values.database.pool | toString) -}}
{{- $_ := set $values "EOM_SECRETS" .Values.secretStore.type -}}
{{- $_ := set $values "EOM_ENGINE" .Values.engine.default -}}
{{- if .Values.engine.jobsConfigMap.name }}{{ $_ := set $values "EOM_JOBS_FILE" "/etc/eom/jobs/jobs.json" }}{{ end -}}
{{- with .Values.engine.dagster -}}
{{- if .url -}}
{{- $_ := set $values "EOM_DAGSTER_URL" .url -}}
{{- $_ := set $values "EOM_DAGSTER_RATE" (.rate | int | toString) -}}
{{- $_ := set $values "EOM_DAGSTER_MAX_RUNS" (.maxRuns | int | toString) -}}
{{- end -}}
{{- end -}}
{{- if eq .Values.secretStore.type "vault" -}}
{{- with .Values.secretStore.vault -}}
{{- $_ := set $values "VAULT_ADDR" .address -}}
{{- if .namespace }}{{ $_ := set $values "VAULT_NAMESPACE" .namespace }}{{ end -}}
{{- $_ := set $values "EOM_VAULT_MOUNT" .mount -}}
{{- $_ := set $values "EOM_VAULT_PREFIX" .prefix -}}
{{- $_ := set $values "EOM_VAULT_AUTH" .auth -}}
{{- if .authMount }}{{ $_ := set $values "EOM_VAULT_AUTH_MOUNT" .authMount }}{{ end -}}
{{- if eq .auth "kubernetes" -}}
{{- $_ := set $values "EOM_VAULT_ROLE" .role -}}
{{- $_ := set $values "EOM_VAULT_JWT_PATH" "/etc/eom/vault/token" -}}
{{- end -}}
{{- if eq .auth "approle" }}{{ $_ := set $values "EOM_VAULT_ROLE_ID" .roleId }}{{ end -}}
{{- if .caConfigMap.name }}{{ $_ := set $values "EOM_VAULT_CA" "/etc/eom/vault-ca/ca.crt" }}{{ end -}}
{{- end -}}
{{- end -}}
{{- toJson $values -}}
{{- end -}}

{{- define "eom.env" -}}
{{- range $name, $value := include "eom.variables" . | fromJson }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- range $name, $_ := include "eom.secretFiles" . | fromJson }}
- name: {{ $name }}_FILE
  value: /etc/eom/secrets/{{ $name }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "eom.volumeMounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: data, mountPath: /var/lib/eom}
- {name: secrets, mountPath: /etc/eom/secrets, readOnly: true}
{{- if .Values.engine.jobsConfigMap.name }}
- {name: jobs, mountPath: /etc/eom/jobs, readOnly: true}
{{- end }}
{{- if eq .Values.secretStore.type "vault" }}
{{- if eq .Values.secretStore.vault.auth "kubernetes" }}
- {name: vault-token, mountPath: /etc/eom/vault, readOnly: true}
{{- end }}
{{- if .Values.secretStore.vault.caConfigMap.name }}
- {name: vault-ca, mountPath: /etc/eom/vault-ca, readOnly: true}
{{- end }}
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "eom.scratch" -}}
- name: tmp
  emptyDir: {sizeLimit: {{ .Values.pod.scratchSize }}}
- name: data
  emptyDir: {sizeLimit: {{ .Values.pod.scratchSize }}}
{{- end -}}

{{- define "eom.volumes" -}}
{{ include "eom.scratch" . }}
- name: secrets
  projected:
    # 0440. With fsGroup, root owns the file and the group can read it, as EOM requires of its key file.
    defaultMode: 288
    sources:
      {{- range $name, $secret := include "eom.secretFiles" . | fromJson }}
      - secret:
          name: {{ $secret.name }}
          items: [{key: {{ $secret.key | quote }}, path: {{ $name }}}]
      {{- end }}
{{- with .Values.engine.jobsConfigMap }}
{{- if .name }}
- name: jobs
  configMap:
    name: {{ .name }}
    items: [{key: {{ .key | quote }}, path: jobs.json}]
{{- end }}
{{- end }}
{{- if eq .Values.secretStore.type "vault" }}
{{- with .Values.secretStore.vault }}
{{- if eq .auth "kubernetes" }}
- name: vault-token
  projected:
    sources:
      - serviceAccountToken: {audience: {{ .audience | quote }}, expirationSeconds: 3600, path: token}
{{- end }}
{{- if .caConfigMap.name }}
- name: vault-ca
  configMap:
    name: {{ .caConfigMap.name }}
    items: [{key: {{ .caConfigMap.key | quote }}, path: ca.crt}]
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
