{{/* The container that carries a plan out. Takes a dict: root, plan (a file of the plan's ConfigMap), report (the
ConfigMap that takes the reports), execute (whether it acts). */}}
{{- define "outlast.chaosContainer" -}}
- name: chaos
  {{- include "outlast.image" .root | nindent 2 }}
  args:
    - chaos
    - run
    - /etc/outlast/chaos/{{ .plan }}
    - --on=cluster
    - --namespace={{ .root.Release.Namespace }}
    - --folder=/tmp/outlast/chaos
    - --config-map={{ .report }}
    {{- if .execute }}
    - --execute
    {{- end }}
  envFrom:
    - configMapRef: {name: {{ include "outlast.fullname" .root }}-settings}
  env:
    {{- include "outlast.env" .root | nindent 4 }}
    - {name: OUTLAST_OPERATOR_LEASE_NAME, value: {{ include "outlast.fullname" .root }}-operator}
    {{- if .root.Values.offline.enabled }}
    - {name: OUTLAST_OFFLINE_URL, value: "http://{{ include "outlast.fullname" .root }}-offline:8080"}
    {{- end }}
  resources:
    {{- toYaml .root.Values.chaos.resources | nindent 4 }}
  securityContext:
    {{- include "outlast.containerSecurity" .root | nindent 4 }}
  volumeMounts:
    {{- include "outlast.mounts" .root | nindent 4 }}
    - {name: plan, mountPath: /etc/outlast/chaos, readOnly: true}
    {{- with .root.Values.worker.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{- define "outlast.chaosVolumes" -}}
{{- include "outlast.volumes" . }}
- name: plan
  configMap: {name: {{ include "outlast.fullname" . }}-chaos-plan}
{{- with .Values.worker.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
