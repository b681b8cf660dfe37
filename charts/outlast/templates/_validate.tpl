{{/* What the schema can't judge: values that depend on one another. Each sentence says what to write. */}}
{{- define "outlast.validate" -}}
{{- $external := .Values.temporal.external -}}
{{- if include "outlast.external" . -}}
{{- if not $external.address -}}
{{- fail "temporal.external.address is empty: write the frontend of your Temporal as host:port, or temporal.enabled=true and temporal.mode=dev for one in this release" -}}
{{- end -}}
{{- if not (regexMatch ":[0-9]+$" $external.address) -}}
{{- fail (printf "temporal.external.address=%q has no port: write host:port, as in %s:7233" $external.address $external.address) -}}
{{- end -}}
{{- if and $external.apiKeySecret $external.tls.clientSecret -}}
{{- fail "temporal.external.apiKeySecret and temporal.external.tls.clientSecret are both set: Temporal takes an API key or a client certificate, so remove one of them" -}}
{{- end -}}
{{- if and $external.tls.caSecret (not (or $external.tls.enabled $external.tls.clientSecret $external.apiKeySecret)) -}}
{{- fail "temporal.external.tls.caSecret is set without TLS: write temporal.external.tls.enabled=true" -}}
{{- end -}}
{{- if and $external.tls.enabled (not (or $external.tls.caSecret $external.tls.clientSecret $external.apiKeySecret)) -}}
{{- fail "temporal.external.tls.enabled=true needs an authority: write temporal.external.tls.caSecret, or use an API key or a client certificate" -}}
{{- end -}}
{{- end -}}
{{- $models := compact (list .Values.models.default .Values.models.planner .Values.models.searcher .Values.models.analyst) -}}
{{- range $models -}}
{{- if and (hasPrefix "offline:" .) (not $.Values.offline.enabled) -}}
{{- fail (printf "the model %q is one of the offline server's, which is not enabled: write offline.enabled=true to try things out, or models.default with a model of a provider" .) -}}
{{- end -}}
{{- end -}}
{{- $scaling := .Values.worker.autoscaling -}}
{{- if and (ne $scaling.mode "none") (gt (int $scaling.minReplicas) (int $scaling.maxReplicas)) -}}
{{- fail (printf "worker.autoscaling.minReplicas=%v is more than maxReplicas=%v: raise worker.autoscaling.maxReplicas" $scaling.minReplicas $scaling.maxReplicas) -}}
{{- end -}}
{{- if and (eq $scaling.mode "hpa") (lt (int $scaling.minReplicas) 1) -}}
{{- fail "worker.autoscaling.minReplicas=0 needs worker.autoscaling.mode=keda: no slot is used by no workers, so nothing would bring them back" -}}
{{- end -}}
{{- if and (eq $scaling.mode "keda") (lt (int $scaling.minReplicas) 1) .Values.worker.buildId -}}
{{- fail (printf "worker.autoscaling.minReplicas=0 and worker.buildId=%q exclude each other: Temporal knows no queue of a version that no worker has served yet, so nothing would bring the first one: write minReplicas=1" .Values.worker.buildId) -}}
{{- end -}}
{{- if and (eq $scaling.mode "keda") (include "outlast.external" .) $external.tls.enabled (not (or $external.tls.clientSecret $external.apiKeySecret)) -}}
{{- fail "worker.autoscaling.mode=keda with temporal.external.tls.enabled=true needs temporal.external.tls.clientSecret or apiKeySecret: KEDA speaks TLS to Temporal only with one of them, so write one, or worker.autoscaling.mode=hpa" -}}
{{- end -}}
{{- if and (eq $scaling.mode "hpa") (eq $scaling.hpa.metric "cpu") (not (dig "requests" "cpu" "" .Values.worker.resources)) -}}
{{- fail "worker.autoscaling.hpa.metric=cpu scales by the CPU that is requested, and none is: write worker.resources.requests.cpu" -}}
{{- end -}}
{{- $drain := include "outlast.drainSeconds" . -}}
{{- if gt (float64 .Values.worker.heartbeatSeconds) (float64 $drain) -}}
{{- fail (printf "worker.heartbeatSeconds=%v is more than worker.drainSeconds=%v: a step that outlives the drain would be taken for alive, so raise drainSeconds or lower heartbeatSeconds" .Values.worker.heartbeatSeconds $drain) -}}
{{- end -}}
{{- if and .Values.chaos.enabled .Values.jobs.namespaces (not (has "*" .Values.jobs.namespaces)) (not (has .Release.Namespace .Values.jobs.namespaces)) -}}
{{- fail (printf "chaos.enabled=true strikes jobs of the release's namespace %q, which jobs.namespaces leaves out: add it there" .Release.Namespace) -}}
{{- end -}}
{{- if and .Values.chaos.enabled (not .Values.operator.enabled) -}}
{{- fail "chaos.enabled=true needs the operator, which carries out the jobs that are struck: write operator.enabled=true" -}}
{{- end -}}
{{- if and (has "*" .Values.jobs.namespaces) (gt (len .Values.jobs.namespaces) 1) -}}
{{- fail "jobs.namespaces has \"*\" beside names: write [\"*\"] for all namespaces, or names alone" -}}
{{- end -}}
{{- if and .Values.results.overflowStore (not (hasKey .Values.results.stores .Values.results.overflowStore)) -}}
{{- fail (printf "results.overflowStore=%q names no store: write it under results.stores, or leave it empty" .Values.results.overflowStore) -}}
{{- end -}}
{{- if and (hasPrefix "file://" .Values.payloads.store) (not .Values.worker.extraVolumes) -}}
{{- fail (printf "payloads.store=%q needs a volume that all workers share: write worker.extraVolumes and worker.extraVolumeMounts, or an s3:// store" .Values.payloads.store) -}}
{{- end -}}
{{- end -}}
