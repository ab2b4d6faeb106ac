{{- define "eom.podSecurity" -}}
runAsNonRoot: true
{{- with .Values.pod.runAsUser }}
runAsUser: {{ int . }}
{{- end }}
{{- with .Values.pod.runAsGroup }}
runAsGroup: {{ int . }}
{{- end }}
{{- with .Values.pod.fsGroup }}
fsGroup: {{ int . }}
fsGroupChangePolicy: OnRootMismatch
{{- end }}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "eom.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* A Deployment of EOM processes that listen. Takes root, component, the command's words and the component's values. */}}
{{- define "eom.deployment" -}}
{{- $root := .root -}}
{{- $selector := include "eom.selector" . -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "eom.fullname" $root }}-{{ .component }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "eom.labels" . | nindent 4 }}
spec:
  {{- if not .isScaled }}
  replicas: {{ .values.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  progressDeadlineSeconds: 300
  # A new pod is ready before an old pod is stopped.
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxUnavailable: 0, maxSurge: 1}
  minReadySeconds: 5
  selector:
    matchLabels: {{- $selector | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "eom.labels" . | nindent 8 }}
        {{- with .values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with .values.podAnnotations }}
      annotations: {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "eom.serviceAccount" $root }}
      automountServiceAccountToken: false
      # For a Service named eom, Kubernetes would set EOM_PORT=tcp://… in every pod of the namespace.
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ $root.Values.pod.terminationGracePeriodSeconds }}
      securityContext: {{- include "eom.podSecurity" $root | nindent 8 }}
      {{- with $root.Values.image.pullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .values.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      topologySpreadConstraints:
        {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
        - maxSkew: 1
          topologyKey: {{ . }}
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels: {{- $selector | nindent 14 }}
          matchLabelKeys: [pod-template-hash]
        {{- end }}
      {{- with .values.affinity }}
      affinity: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .values.nodeSelector }}
      nodeSelector: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .values.tolerations }}
      tolerations: {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ .component }}
          image: {{ include "eom.image" $root | quote }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          args: {{ toJson .args }}
          env: {{- include "eom.env" $root | trim | nindent 12 }}
          ports:
            - {name: http, containerPort: {{ $root.Values.pod.port }}, protocol: TCP}
          # The process is alive. It listens after the check of migrations, which may take a while on a busy node.
          startupProbe:
            httpGet: {path: /healthz, port: http}
            periodSeconds: 2
            timeoutSeconds: 2
            failureThreshold: 60
          livenessProbe:
            httpGet: {path: /healthz, port: http}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          # The database can be reached and is migrated.
          readinessProbe:
            httpGet: {path: /readyz, port: http}
            periodSeconds: 5
            timeoutSeconds: 4
            failureThreshold: 3
          {{- if gt (int $root.Values.pod.preStopSeconds) 0 }}
          lifecycle:
            preStop:
              sleep: {seconds: {{ $root.Values.pod.preStopSeconds }}}
          {{- end }}
          resources: {{- toYaml .values.resources | nindent 12 }}
          securityContext: {{- include "eom.containerSecurity" $root | nindent 12 }}
          volumeMounts: {{- include "eom.volumeMounts" $root | nindent 12 }}
      volumes: {{- include "eom.volumes" $root | nindent 8 }}
{{- end -}}
