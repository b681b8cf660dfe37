{{/* What the schema can't judge: values that depend on one another. Each sentence says what to write. */}}
{{- define "temporal.validate" -}}
{{- if eq .Values.mode "cluster" -}}
{{- $database := .Values.cluster.database -}}
{{- if and (not $database.bundled) (not $database.host) -}}
{{- fail "cluster.database.host is empty: write the host of your PostgreSQL, or cluster.database.bundled=true for one in this release" -}}
{{- end -}}
{{- if and $database.bundled $database.host -}}
{{- fail (printf "cluster.database.host=%q and cluster.database.bundled=true exclude each other: remove one of them" $database.host) -}}
{{- end -}}
{{- if and (not $database.bundled) (not $database.existingSecret) -}}
{{- fail "cluster.database.existingSecret is empty: write the name of a Secret in this namespace that holds the password of your PostgreSQL under cluster.database.secretKey" -}}
{{- end -}}
{{- if and $database.bundled $database.tls.enabled -}}
{{- fail "cluster.database.tls.enabled=true needs a PostgreSQL of your own: the bundled one has no certificate, so remove cluster.database.tls or cluster.database.bundled" -}}
{{- end -}}
{{- if eq $database.name $database.visibilityName -}}
{{- fail (printf "cluster.database.name and cluster.database.visibilityName are both %q: give them different names" $database.name) -}}
{{- end -}}
{{- end -}}
{{- if eq .Values.mode "external" -}}
{{- $external := .Values.external -}}
{{- if not $external.address -}}
{{- fail "external.address is empty: write the frontend of your Temporal as host:port" -}}
{{- end -}}
{{- if not (regexMatch ":[0-9]+$" $external.address) -}}
{{- fail (printf "external.address=%q has no port: write host:port, as in %s:7233" $external.address $external.address) -}}
{{- end -}}
{{- if and $external.apiKeySecret $external.tls.clientSecret -}}
{{- fail "external.apiKeySecret and external.tls.clientSecret are both set: Temporal takes an API key or a client certificate, so remove one of them" -}}
{{- end -}}
{{- else if .Values.external.address -}}
{{- fail (printf "external.address=%q has no effect with mode=%s: write mode=external, or remove it" .Values.external.address .Values.mode) -}}
{{- end -}}
{{- end -}}
