{{/* The settings file of all processes: what the user said, and what follows from the other values. JSON is YAML too,
and writes large numbers out. */}}
{{- define "forewarm.settings" -}}
{{- include "forewarm.validate" . -}}
{{- $settings := deepCopy .Values.settings -}}
{{- $_ := set $settings "mode" "distributed" -}}
{{- $health := $settings.health | default dict -}}
{{- $_ := set $settings "health" (merge (dict "host" "0.0.0.0" "port" 8788) $health) -}}
{{- $telemetry := $settings.telemetry | default dict -}}
{{- $prometheus := dict "enabled" .Values.metrics.enabled "host" "0.0.0.0" "port" 9464 -}}
{{- $_ := set $settings "telemetry" (merge (dict "prometheus" $prometheus) $telemetry) -}}
{{- $_ := set $settings "kafka" (merge (dict "tls" (include "forewarm.kafkaTls" . | fromJson)) $settings.kafka) -}}
{{- if has .Values.kafka.auth.mechanism (list "plain" "scram-sha-256" "scram-sha-512") -}}
{{- $_ := set $settings.kafka "sasl" (dict "mechanism" .Values.kafka.auth.mechanism) -}}
{{- end -}}
{{- range $role, $values := dict "model" .Values.modelRedis "cache" .Values.cacheRedis -}}
{{- if $values.tls.enabled -}}
{{- $folder := printf "/run/forewarm/%s-redis" $role -}}
{{- $tls := dict "enabled" true -}}
{{- if $values.tls.caSecret }}{{- $_ := set $tls "caFile" (printf "%s/ca.crt" $folder) -}}{{- end -}}
{{- if $values.tls.certSecret -}}
{{- $_ := set $tls "certFile" (printf "%s/client.crt" $folder) -}}
{{- $_ := set $tls "keyFile" (printf "%s/client.key" $folder) -}}
{{- end -}}
{{- $_ := set (index $settings $role "redis") "tls" $tls -}}
{{- end -}}
{{- end -}}
{{- if eq .Values.schedule.mode "builtin" -}}
{{- range .Values.schedule.entries -}}
{{- $workspace := index $settings.workspaces .workspace -}}
{{- $entry := dict "cron" .cron "timeZone" (default "UTC" .timeZone) "strategy" .strategy -}}
{{- $_ := set $workspace "schedule" (append ($workspace.schedule | default list) $entry) -}}
{{- end -}}
{{- end -}}
{{- toPrettyJson $settings -}}
{{- end -}}

{{- define "forewarm.kafkaTls" -}}
{{- $tls := dict "enabled" .Values.kafka.tls.enabled -}}
{{- if .Values.kafka.tls.enabled -}}
{{- if include "forewarm.kafkaCaSecret" . }}{{- $_ := set $tls "caFile" "/run/forewarm/kafka/ca.crt" -}}{{- end -}}
{{- if eq .Values.kafka.auth.mechanism "tls" -}}
{{- $_ := set $tls "certFile" "/run/forewarm/kafka/client.crt" -}}
{{- $_ := set $tls "keyFile" "/run/forewarm/kafka/client.key" -}}
{{- end -}}
{{- end -}}
{{- toJson $tls -}}
{{- end -}}

{{/* Secret with the brokers' authorities; Strimzi makes one for each cluster. */}}
{{- define "forewarm.kafkaCaSecret" -}}
{{- if .Values.kafka.tls.caSecret -}}
{{ .Values.kafka.tls.caSecret }}
{{- else if and .Values.strimzi.enabled .Values.strimzi.cluster -}}
{{ .Values.strimzi.cluster }}-cluster-ca-cert
{{- end -}}
{{- end -}}

{{- define "forewarm.strimziUsers" -}}
{{- if and .Values.strimzi.enabled .Values.strimzi.users }}true{{ end -}}
{{- end -}}

{{/* Name of the Kafka user of a role where Strimzi makes it; it names the secret too. */}}
{{- define "forewarm.strimziUser" -}}
{{ include "forewarm.fullname" .root }}-{{ .role }}
{{- end -}}

{{/* Names of the secrets of a role by engine, as JSON; empty where there is none. */}}
{{- define "forewarm.secretsOf" -}}
{{- $own := (include "forewarm.process" . | fromJson).secrets -}}
{{- $values := .root.Values -}}
{{- $kafka := default $values.kafka.auth.existingSecret $own.kafka -}}
{{- if and (include "forewarm.strimziUsers" .root) (not $own.kafka) -}}
{{- $kafka = include "forewarm.strimziUser" . -}}
{{- end -}}
{{- dict
  "kafka" $kafka
  "modelRedis" (default $values.modelRedis.auth.existingSecret $own.modelRedis)
  "cacheRedis" (default $values.cacheRedis.auth.existingSecret $own.cacheRedis)
  "registry" (default $values.registry.auth.existingSecret $own.registry) | toJson -}}
{{- end -}}

{{/* Engines that a role talks to. */}}
{{- define "forewarm.enginesOf" -}}
{{- $engines := dict
  "ingest" (list "kafka" "registry" "modelRedis")
  "predict" (list "kafka" "registry" "modelRedis")
  "warm" (list "kafka" "registry" "modelRedis" "cacheRedis")
  "gateway" (list "kafka" "registry" "modelRedis" "cacheRedis")
  "topics" (list "kafka" "registry")
  "schedule" (list "kafka" "registry" "modelRedis") -}}
{{- index $engines .role | toJson -}}
{{- end -}}
