{{/* Names, labels and the parts that pods share. Every helper takes the root context unless it says otherwise. */}}

{{- define "temporal.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Prefix of all names. At most 40 characters, since suffixes follow and a Service takes 63. */}}
{{- define "temporal.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "temporal.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "temporal.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels that select the pods of a component. Takes a dict: root, component. They can never change. */}}
{{- define "temporal.selector" -}}
app.kubernetes.io/name: {{ include "temporal.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* Labels of an object. Takes a dict: root, component. */}}
{{- define "temporal.labels" -}}
{{ include "temporal.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: outlast
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{/* Metadata of a pod. Takes a dict: root, component, and checksums (a list of strings) to restart on. */}}
{{- define "temporal.podMetadata" -}}
labels:
  {{- include "temporal.labels" . | nindent 2 }}
  {{- with .root.Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- if or .checksum .root.Values.podAnnotations }}
annotations:
  {{- with .checksum }}
  checksum/config: {{ . }}
  {{- end }}
  {{- with .root.Values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* What every pod says of itself. Takes a dict: root, user (a number, 1000 for Temporal's images). */}}
{{- define "temporal.podSpec" -}}
serviceAccountName: {{ include "temporal.fullname" .root }}
# No pod of Temporal speaks to the Kubernetes API.
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .user }}
  runAsGroup: {{ .user }}
  fsGroup: {{ .user }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "temporal.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Image and pull policy. Takes one entry of .Values.images. */}}
{{- define "temporal.image" -}}
image: {{ printf "%s:%s" .repository .tag | quote }}
imagePullPolicy: {{ .pullPolicy }}
{{- end -}}

{{/* Replicas of a component spread over nodes. Takes a dict: root, component. */}}
{{- define "temporal.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "temporal.selector" . | nindent 8 }}
{{- end -}}

{{/* Frontend as host:port, for clients in any namespace. */}}
{{- define "temporal.address" -}}
{{- if eq .Values.mode "external" -}}
{{- .Values.external.address -}}
{{- else -}}
{{- printf "%s-frontend.%s.svc:7233" (include "temporal.fullname" .) .Release.Namespace -}}
{{- end -}}
{{- end -}}

{{- define "temporal.databaseHost" -}}
{{- if .Values.cluster.database.bundled -}}
{{- printf "%s-postgresql" (include "temporal.fullname" .) -}}
{{- else -}}
{{- .Values.cluster.database.host -}}
{{- end -}}
{{- end -}}

{{- define "temporal.databaseSecret" -}}
{{- default (printf "%s-postgresql" (include "temporal.fullname" .)) .Values.cluster.database.existingSecret -}}
{{- end -}}

{{/* The environment variable NAME that holds the database's password. Takes a dict: root, name. */}}
{{- define "temporal.databasePassword" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ include "temporal.databaseSecret" .root }}
      key: {{ .root.Values.cluster.database.secretKey }}
{{- end -}}

{{/* Environment of temporal-sql-tool. */}}
{{- define "temporal.sqlToolEnv" -}}
{{- $database := .Values.cluster.database -}}
- {name: SQL_PLUGIN, value: postgres12}
- {name: SQL_HOST, value: {{ include "temporal.databaseHost" . | quote }}}
- {name: SQL_PORT, value: {{ $database.port | quote }}}
- {name: SQL_USER, value: {{ $database.user | quote }}}
{{ include "temporal.databasePassword" (dict "root" . "name" "SQL_PASSWORD") }}
{{- if $database.tls.enabled }}
- {name: SQL_TLS, value: "true"}
- {name: SQL_TLS_DISABLE_HOST_VERIFICATION, value: {{ not $database.tls.verifyHost | quote }}}
{{- if $database.tls.caSecret }}
- {name: SQL_TLS_CA_FILE, value: /etc/temporal/database-tls/ca.crt}
{{- end }}
{{- end }}
{{- end -}}

{{- define "temporal.databaseTLSMount" -}}
{{- if and .Values.cluster.database.tls.enabled .Values.cluster.database.tls.caSecret }}
- name: database-tls
  mountPath: /etc/temporal/database-tls
  readOnly: true
{{- end }}
{{- end -}}

{{- define "temporal.databaseTLSVolume" -}}
{{- if and .Values.cluster.database.tls.enabled .Values.cluster.database.tls.caSecret }}
- name: database-tls
  secret:
    secretName: {{ .Values.cluster.database.tls.caSecret }}
    items:
      - {key: {{ .Values.cluster.database.tls.caKey }}, path: ca.crt}
{{- end }}
{{- end -}}

{{/* Environment of the `temporal` command. */}}
{{- define "temporal.clientEnv" -}}
{{- $external := .Values.external -}}
- {name: HOME, value: /tmp}
- {name: TEMPORAL_ADDRESS, value: {{ include "temporal.address" . | quote }}}
- {name: TEMPORAL_NAMESPACE, value: {{ .Values.namespace | quote }}}
{{- if eq .Values.mode "external" }}
{{- if or $external.tls.enabled $external.tls.clientSecret $external.apiKeySecret }}
- {name: TEMPORAL_TLS, value: "true"}
{{- end }}
{{- if $external.tls.caSecret }}
- {name: TEMPORAL_TLS_SERVER_CA_CERT_PATH, value: /etc/temporal/ca/ca.crt}
{{- end }}
{{- if $external.tls.clientSecret }}
- {name: TEMPORAL_TLS_CLIENT_CERT_PATH, value: /etc/temporal/client/tls.crt}
- {name: TEMPORAL_TLS_CLIENT_KEY_PATH, value: /etc/temporal/client/tls.key}
{{- end }}
{{- if $external.apiKeySecret }}
- name: TEMPORAL_API_KEY
  valueFrom:
    secretKeyRef:
      name: {{ $external.apiKeySecret }}
      key: {{ $external.apiKeyKey }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "temporal.clientTLSMounts" -}}
{{- if eq .Values.mode "external" }}
{{- if .Values.external.tls.caSecret }}
- {name: ca, mountPath: /etc/temporal/ca, readOnly: true}
{{- end }}
{{- if .Values.external.tls.clientSecret }}
- {name: client, mountPath: /etc/temporal/client, readOnly: true}
{{- end }}
{{- end }}
{{- end -}}

{{- define "temporal.clientTLSVolumes" -}}
{{- if eq .Values.mode "external" }}
{{- with .Values.external.tls.caSecret }}
- name: ca
  secret:
    secretName: {{ . }}
    items:
      - {key: {{ $.Values.external.tls.caKey }}, path: ca.crt}
{{- end }}
{{- with .Values.external.tls.clientSecret }}
- name: client
  secret: {secretName: {{ . }}}
{{- end }}
{{- end }}
{{- end -}}

{{- define "temporal.metricsIngress" -}}
{{- if .Values.metrics.enabled }}
- from:
    - namespaceSelector: {}
  ports:
    - {protocol: TCP, port: 9090}
{{- end }}
{{- end -}}

{{- define "temporal.dnsEgress" -}}
- to:
    - namespaceSelector: {}
      podSelector:
        matchLabels: {k8s-app: kube-dns}
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
{{- end -}}

{{/* Each other, the database and names: servers call nothing else. */}}
{{- define "temporal.serverEgress" -}}
{{ include "temporal.dnsEgress" . }}
- to:
    - podSelector:
        matchLabels:
          app.kubernetes.io/name: {{ include "temporal.name" . }}
          app.kubernetes.io/instance: {{ .Release.Name }}
{{- if and (eq .Values.mode "cluster") (not .Values.cluster.database.bundled) }}
- ports:
    - {protocol: TCP, port: {{ .Values.cluster.database.port }}}
{{- end }}
{{- end -}}
