{{/* Names, labels and the parts that pods share. Every helper takes the root context unless it says otherwise. */}}

{{- define "outlast.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Prefix of all names. At most 40 characters, since suffixes follow and a Service takes 63. */}}
{{- define "outlast.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "outlast.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "outlast.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels that select the pods of a component. Takes a dict: root, component. They can never change. */}}
{{- define "outlast.selector" -}}
app.kubernetes.io/name: {{ include "outlast.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* Labels of an object. Takes a dict: root, component. */}}
{{- define "outlast.labels" -}}
{{ include "outlast.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: outlast
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "outlast.image" -}}
{{- $image := .Values.image -}}
image: {{ if $image.digest }}{{ printf "%s@%s" $image.repository $image.digest | quote }}{{ else }}{{ printf "%s:%s" $image.repository (default .Chart.AppVersion $image.tag) | quote }}{{ end }}
imagePullPolicy: {{ $image.pullPolicy }}
{{- end -}}

{{/* What every pod says of itself. Takes a dict: root, component, account, settings (its part of the values). */}}
{{- define "outlast.podSpec" -}}
serviceAccountName: {{ .account }}
# Service links would set variables that begin with OUTLAST_, and an unknown one is refused at start.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .settings.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .settings.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .settings.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .settings.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- else }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "outlast.selector" . | nindent 8 }}
{{- end }}
{{- end -}}

{{/* Metadata of a pod. Takes a dict: root, component, settings (its part of the values). */}}
{{- define "outlast.podMetadata" -}}
labels:
  {{- include "outlast.labels" . | nindent 2 }}
  {{- if and .root.Values.chaos.enabled (has .component (list "worker" "operator")) }}
  # Without this label nobody may be struck, whatever a plan says.
  outlast.dev/chaos: allowed
  {{- end }}
  {{- with .settings.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  # Settings are read at start, so a change of them starts new pods.
  checksum/settings: {{ include "outlast.settings" .root | sha256sum }}
  {{- with .settings.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "outlast.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Frontend of Temporal as host:port. */}}
{{- define "outlast.temporalAddress" -}}
{{- if and .Values.temporal.enabled (ne .Values.temporal.mode "external") -}}
{{- $name := default "temporal" .Values.temporal.nameOverride -}}
{{- $full := default (ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name)) .Values.temporal.fullnameOverride -}}
{{- printf "%s-frontend.%s.svc:7233" ($full | trunc 40 | trimSuffix "-") .Release.Namespace -}}
{{- else -}}
{{- .Values.temporal.external.address -}}
{{- end -}}
{{- end -}}

{{- define "outlast.temporalPort" -}}
{{- regexFind "[0-9]+$" (include "outlast.temporalAddress" .) -}}
{{- end -}}

{{/* Namespaces with jobs, as a JSON list; an empty one means all. */}}
{{- define "outlast.namespaces" -}}
{{- if has "*" .Values.jobs.namespaces -}}
[]
{{- else -}}
{{- toJson (default (list .Release.Namespace) .Values.jobs.namespaces) -}}
{{- end -}}
{{- end -}}

{{/* Settings that worker and operator share. */}}
{{- define "outlast.settings" -}}
{{- $tls := .Values.temporal.external.tls -}}
OUTLAST_LOG_FORMAT: {{ .Values.logFormat | quote }}
OUTLAST_TEMPORAL_ADDRESS: {{ include "outlast.temporalAddress" . | quote }}
OUTLAST_TEMPORAL_NAMESPACE: {{ .Values.temporal.namespace | quote }}
{{- if include "outlast.external" . }}
{{- if $tls.caSecret }}
OUTLAST_TEMPORAL_TLS_CA: /etc/outlast/temporal-ca/ca.crt
{{- end }}
{{- if $tls.clientSecret }}
OUTLAST_TEMPORAL_TLS_CERT: /etc/outlast/temporal-client/tls.crt
OUTLAST_TEMPORAL_TLS_KEY: /etc/outlast/temporal-client/tls.key
{{- end }}
{{- end }}
OUTLAST_TASK_QUEUE: {{ .Values.jobs.taskQueue | quote }}
{{- if .Values.secrets.encryptionKeys }}
OUTLAST_ENCRYPTION_KEYS_FILE: /etc/outlast/encryption/keys.json
{{- end }}
{{- with .Values.payloads.store }}
OUTLAST_PAYLOAD_STORE: {{ . | quote }}
OUTLAST_PAYLOAD_THRESHOLD_BYTES: {{ $.Values.payloads.thresholdBytes | int | quote }}
{{- end }}
{{- with .Values.traces.otlpEndpoint }}
OTEL_EXPORTER_OTLP_ENDPOINT: {{ . | quote }}
{{- end }}
OUTLAST_TRACE_CONTENT: {{ .Values.traces.content | quote }}
OUTLAST_HTTP_HOST: "0.0.0.0"
OUTLAST_HTTP_PORT: "8080"
OUTLAST_STATE_DIR: /tmp/outlast
{{- end -}}

{{/* Whether Temporal is somewhere else: "true" or nothing. */}}
{{- define "outlast.external" -}}
{{- if or (not .Values.temporal.enabled) (eq .Values.temporal.mode "external") }}true{{ end -}}
{{- end -}}

{{/* Environment that worker and operator share besides the settings. */}}
{{- define "outlast.env" -}}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: POD_UID
  valueFrom: {fieldRef: {fieldPath: metadata.uid}}
# How this pod signs its work: the operator tells by it whose steps a dead pod leaves.
- {name: OUTLAST_IDENTITY, value: $(POD_NAME)/$(POD_UID)}
{{- if and (include "outlast.external" .) .Values.temporal.external.apiKeySecret }}
- name: OUTLAST_TEMPORAL_API_KEY
  valueFrom:
    secretKeyRef:
      name: {{ .Values.temporal.external.apiKeySecret }}
      key: {{ .Values.temporal.external.apiKeyKey }}
{{- end }}
{{- end -}}

{{- define "outlast.mounts" -}}
- {name: tmp, mountPath: /tmp}
{{- if include "outlast.external" . }}
{{- if .Values.temporal.external.tls.caSecret }}
- {name: temporal-ca, mountPath: /etc/outlast/temporal-ca, readOnly: true}
{{- end }}
{{- if .Values.temporal.external.tls.clientSecret }}
- {name: temporal-client, mountPath: /etc/outlast/temporal-client, readOnly: true}
{{- end }}
{{- end }}
{{- if .Values.secrets.encryptionKeys }}
- {name: encryption, mountPath: /etc/outlast/encryption, readOnly: true}
{{- end }}
{{- end -}}

{{- define "outlast.volumes" -}}
- name: tmp
  emptyDir: {sizeLimit: 256Mi}
{{- if include "outlast.external" . }}
{{- with .Values.temporal.external.tls.caSecret }}
- name: temporal-ca
  secret:
    secretName: {{ . }}
    items:
      - {key: {{ $.Values.temporal.external.tls.caKey }}, path: ca.crt}
{{- end }}
{{- with .Values.temporal.external.tls.clientSecret }}
- name: temporal-client
  secret: {secretName: {{ . }}}
{{- end }}
{{- end }}
{{- with .Values.secrets.encryptionKeys }}
- name: encryption
  secret:
    secretName: {{ . }}
    items:
      - {key: {{ $.Values.secrets.encryptionKeysKey }}, path: keys.json}
{{- end }}
{{- end -}}

{{/* Probes of worker and operator: alive means its loop moves, ready means it is connected. */}}
{{- define "outlast.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: http}
  periodSeconds: 1
  timeoutSeconds: 5
  # A Temporal that comes up later is no reason to start anew.
  failureThreshold: 300
readinessProbe:
  httpGet: {path: /readyz, port: http}
  periodSeconds: 2
  # Readiness asks Temporal, which gets 3 seconds to answer.
  timeoutSeconds: 4
livenessProbe:
  httpGet: {path: /healthz, port: http}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
{{- end -}}

{{/* Seconds that a worker gets to finish its steps: as set, or as long as a model may take. */}}
{{- define "outlast.drainSeconds" -}}
{{- int .Values.worker.drainSeconds | default (ceil .Values.models.requestTimeoutSeconds | int) -}}
{{- end -}}

{{/* Steps for which there is to be one worker. */}}
{{- define "outlast.stepsPerWorker" -}}
{{- $worker := .Values.worker -}}
{{- max 1 (div (mul $worker.maxConcurrentSteps $worker.autoscaling.targetSlotsPercent) 100) -}}
{{- end -}}

{{/* All that the load asks for comes at once; few workers at a time go, and only after load was lower for long. */}}
{{- define "outlast.scalingBehavior" -}}
{{- $scaling := .Values.worker.autoscaling -}}
scaleUp:
  stabilizationWindowSeconds: 0
  policies:
    - {type: Pods, value: {{ $scaling.maxReplicas }}, periodSeconds: 15}
scaleDown:
  stabilizationWindowSeconds: {{ $scaling.scaleDownStabilizationSeconds }}
  selectPolicy: Max
  policies:
    - {type: Pods, value: 1, periodSeconds: {{ $scaling.scaleDownPeriodSeconds }}}
    - {type: Percent, value: 10, periodSeconds: {{ $scaling.scaleDownPeriodSeconds }}}
{{- end -}}

{{/* What the operator may do where jobs are: each line is used, and no Secret is among them. */}}
{{- define "outlast.jobRules" -}}
- apiGroups: [outlast.dev]
  resources: [researchjobs]
  verbs: [get, list, watch, patch, delete]
- apiGroups: [outlast.dev]
  resources: [researchjobs/status]
  verbs: [update, patch]
# To own the report's ConfigMap by a job.
- apiGroups: [outlast.dev]
  resources: [researchjobs/finalizers]
  verbs: [update]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, create, update]
- apiGroups: [""]
  resources: [events]
  verbs: [create]
{{- end -}}

{{- define "outlast.metricsIngress" -}}
- from:
    - namespaceSelector: {{ toJson .Values.networkPolicy.metricsFromNamespaces }}
  ports:
    - {protocol: TCP, port: 8080}
{{- end -}}

{{- define "outlast.dnsAndTemporal" -}}
- to:
    - namespaceSelector: {}
      podSelector:
        matchLabels: {k8s-app: kube-dns}
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
- ports:
    - {protocol: TCP, port: {{ include "outlast.temporalPort" . }}}
{{- end -}}

{{/* The way to the collector of traces, in whichever namespace or outside the cluster; nothing where there is none. */}}
{{- define "outlast.tracesEgress" -}}
{{- with .Values.traces.otlpEndpoint }}
{{- $port := regexFind ":[0-9]+$" (urlParse .).host | trimPrefix ":" }}
- to:
    - namespaceSelector: {}
    - ipBlock:
        cidr: 0.0.0.0/0
        except: {{ toJson $.Values.networkPolicy.blockedRanges }}
  ports:
    - {protocol: TCP, port: {{ $port | default (ternary "443" "80" (hasPrefix "https:" .)) }}}
{{- end }}
{{- end -}}
