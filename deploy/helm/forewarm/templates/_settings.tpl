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
{{- range $role, $engine := dict "model" "modelRedis" "cache" "cacheRedis" -}}
{{- if (index $.Values $engine).tls.enabled -}}
{{- $files := include "forewarm.certificateFiles" (dict "root" $ "engine" $engine) | fromJson -}}
{{- $_ := set (index $settings $role "redis") "tls" (merge (dict "enabled" true) $files) -}}
{{- end -}}
{{- end -}}
{{- with include "forewarm.certificateFiles" (dict "root" . "engine" "registry") | fromJson -}}
{{- $_ := set $settings.registry "tls" . -}}
{{- end -}}
{{- if .Values.gateway.tls.secret -}}
{{- $_ := set $settings "gateway" (merge (dict "tls" (include "forewarm.gatewayTls" . | fromJson)) ($settings.gateway | default dict)) -}}
{{- end -}}
{{- if .Values.gateway.oidc.caSecret -}}
{{- $oidc := dict "caFile" (printf "%s/issuer-ca.crt" (include "forewarm.folderOf" "gateway")) -}}
{{- $_ := set $settings "gateway" (merge (dict "oidc" $oidc) ($settings.gateway | default dict)) -}}
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

{{/* Where the certificates of a Redis or of the registry lie in a pod, as JSON. */}}
{{- define "forewarm.certificateFiles" -}}
{{- $tls := (index .root.Values .engine).tls -}}
{{- $folder := include "forewarm.folderOf" .engine -}}
{{- $files := dict -}}
{{- if $tls.caSecret }}{{- $_ := set $files "caFile" (printf "%s/ca.crt" $folder) -}}{{- end -}}
{{- if $tls.certSecret -}}
{{- $_ := set $files "certFile" (printf "%s/client.crt" $folder) -}}
{{- $_ := set $files "keyFile" (printf "%s/client.key" $folder) -}}
{{- end -}}
{{- toJson $files -}}
{{- end -}}

{{- define "forewarm.gatewayTls" -}}
{{- $values := .Values.gateway.tls -}}
{{- $folder := include "forewarm.folderOf" "gateway" -}}
{{- $tls := dict "certFile" (printf "%s/tls.crt" $folder) "keyFile" (printf "%s/tls.key" $folder) -}}
{{- if $values.clientCaSecret -}}
{{- $_ := set $tls "clientCaFile" (printf "%s/client-ca.crt" $folder) -}}
{{- $_ := set $tls "clientCertificates" $values.clientCertificates -}}
{{- if $values.clientCrlSecret -}}
{{- $_ := set $tls "clientCrlFile" (printf "%s/client-ca.crl" $folder) -}}
{{- end -}}
{{- end -}}
{{- toJson $tls -}}
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

{{/* Name of the Kafka user of a role where Strimzi makes it. */}}
{{- define "forewarm.strimziUser" -}}
{{ include "forewarm.fullname" .root }}-{{ .role }}
{{- end -}}

{{/* Name of that user's secret: the user operator's, or that of the KafkaAccess. */}}
{{- define "forewarm.strimziSecret" -}}
{{ include "forewarm.strimziUser" . }}{{ if .root.Values.strimzi.access }}-access{{ end }}
{{- end -}}

{{/* Where a role's certificate, key and authorities of Kafka lie, as JSON: a KafkaAccess has keys of its own. */}}
{{- define "forewarm.kafkaKeys" -}}
{{- $kafka := .root.Values.kafka -}}
{{- $keys := dict "cert" $kafka.auth.certKey "key" $kafka.auth.keyKey "ca" $kafka.tls.caKey "caSecret" (include "forewarm.kafkaCaSecret" .root) -}}
{{- $secret := (include "forewarm.secretsOf" . | fromJson).kafka -}}
{{- if and (include "forewarm.strimziUsers" .root) .root.Values.strimzi.access (eq (default "" $secret) (include "forewarm.strimziSecret" .)) -}}
{{- $_ := set $keys "cert" "ssl.keystore.crt" -}}
{{- $_ := set $keys "key" "ssl.keystore.key" -}}
{{- if not $kafka.tls.caSecret -}}
{{- $_ := set $keys "ca" "ssl.truststore.crt" -}}
{{- $_ := set $keys "caSecret" $secret -}}
{{- end -}}
{{- end -}}
{{- toJson $keys -}}
{{- end -}}

{{/* Names of the secrets of a role by engine, as JSON; empty where there is none. */}}
{{- define "forewarm.secretsOf" -}}
{{- $own := (include "forewarm.process" . | fromJson).secrets -}}
{{- $values := .root.Values -}}
{{- $kafka := default $values.kafka.auth.existingSecret $own.kafka -}}
{{- if and (include "forewarm.strimziUsers" .root) (not $own.kafka) -}}
{{- $kafka = include "forewarm.strimziSecret" . -}}
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
