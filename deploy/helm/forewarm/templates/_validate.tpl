{{/* What the schema cannot say: each problem ends the rendering with its mend. */}}
{{- define "forewarm.validate" -}}
{{- $values := .Values -}}
{{- $settings := $values.settings -}}
{{- if not $settings.kafka.brokers }}{{- fail "settings.kafka.brokers is needed: addresses of some brokers, [\"kafka:9092\"]" -}}{{- end -}}
{{- if not (dig "registry" "url" "" $settings) }}{{- fail "settings.registry.url is needed: address of the schema registry" -}}{{- end -}}
{{- range list "model" "cache" -}}
{{- if not (dig . "redis" "urls" list $settings) }}{{- fail (printf "settings.%s.redis.urls is needed: the address of the %s Redis, [\"redis://redis-%s:6379\"]" . . .) -}}{{- end -}}
{{- end -}}
{{- range list "model" "cache" -}}
{{- range dig . "redis" "urls" list $settings -}}
{{- if contains "@" . }}{{- fail "an address of a Redis holds a password, and settings are no secret: use modelRedis.auth and cacheRedis.auth" -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if and $values.gateway.enabled (not $values.gateway.tokensSecret) (not (dig "gateway" "tokens" dict $settings)) -}}
{{- fail "the gateway can be reached by others: give it tokens by settings.gateway.tokens or gateway.tokensSecret, or switch it off (gateway.enabled)" -}}
{{- end -}}
{{- if and $values.gateway.tls.clientCaSecret (not $values.gateway.tls.secret) -}}
{{- fail "gateway.tls.clientCaSecret is set, and client certificates need HTTPS: set gateway.tls.secret" -}}
{{- end -}}
{{- if and $values.gateway.tls.clientCrlSecret (not $values.gateway.tls.clientCaSecret) -}}
{{- fail "gateway.tls.clientCrlSecret is set, and no client is asked for a certificate: set gateway.tls.clientCaSecret" -}}
{{- end -}}
{{- if and $values.gateway.oidc.caSecret (not (dig "gateway" "oidc" "issuer" "" $settings)) -}}
{{- fail "gateway.oidc.caSecret is set, and there is no issuer: set settings.gateway.oidc.issuer and audience" -}}
{{- end -}}
{{- if eq $values.gateway.tls.clientCertificates "required" -}}
{{- if not $values.gateway.tls.clientCaSecret -}}
{{- fail "gateway.tls.clientCertificates is required: set gateway.tls.clientCaSecret, or nobody could come in" -}}
{{- end -}}
{{- if and $values.tests.workspace (not $values.tests.certSecret) -}}
{{- fail "gateway.tls.clientCertificates is required, and the test of tests.workspace has none: set tests.certSecret" -}}
{{- end -}}
{{- end -}}
{{- if and $values.metrics.podMonitor.enabled $values.metrics.serviceMonitor.enabled -}}
{{- fail "metrics.podMonitor and metrics.serviceMonitor are both enabled: every metric would be counted twice; choose one" -}}
{{- end -}}
{{- if and (or $values.metrics.podMonitor.enabled $values.metrics.serviceMonitor.enabled) (not $values.metrics.enabled) -}}
{{- fail "a monitor is enabled, but processes serve no metrics: set metrics.enabled" -}}
{{- end -}}
{{- if and (eq $values.kafka.auth.mechanism "tls") (not $values.kafka.tls.enabled) -}}
{{- fail "kafka.auth.mechanism is tls: set kafka.tls.enabled too" -}}
{{- end -}}
{{- if and $values.strimzi.enabled (not $values.strimzi.cluster) -}}
{{- fail "strimzi.cluster is needed: the name of the Kafka resource" -}}
{{- end -}}
{{- if include "forewarm.strimziUsers" . -}}
{{- if not (has $values.kafka.auth.mechanism (list "scram-sha-512" "tls")) -}}
{{- fail (printf "kafka.auth.mechanism is %s: Strimzi makes users for scram-sha-512 and tls; choose one, or set strimzi.users to false" $values.kafka.auth.mechanism) -}}
{{- end -}}
{{- end -}}
{{- if and (ne $values.kafka.auth.mechanism "none") (not (include "forewarm.strimziUsers" .)) -}}
{{- range $role := concat (include "forewarm.roles" . | fromJsonArray) (ternary (list "topics") list $values.topics.enabled) -}}
{{- if not (include "forewarm.secretsOf" (dict "root" $ "role" $role) | fromJson).kafka -}}
{{- fail (printf "kafka.auth.mechanism is %s, and %s has no credentials: set kafka.auth.existingSecret or %s.secrets.kafka" $values.kafka.auth.mechanism $role $role) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $role := include "forewarm.roles" . | fromJsonArray -}}
{{- $most := include "forewarm.podsMax" (dict "root" $ "role" $role) | int -}}
{{- $scaling := index $values.autoscaling $role -}}
{{- $asked := ternary (index $values $role).replicas $scaling.max (eq $values.autoscaling.mode "none") | int -}}
{{- if and (gt $most 0) (gt $asked $most) -}}
{{- fail (printf "%d pods of %s are asked for, and there are %d partitions for it: more would have no work" $asked $role $most) -}}
{{- end -}}
{{- if and (eq $values.autoscaling.mode "hpa") (eq (int $scaling.min) 0) -}}
{{- fail (printf "autoscaling.%s.min is 0: only keda can scale to zero" $role) -}}
{{- end -}}
{{- end -}}
{{- range $name, $workspace := $settings.workspaces -}}
{{- if and (eq $values.schedule.mode "cronjobs") $workspace.schedule -}}
{{- fail (printf "schedule.mode is cronjobs, and settings.workspaces.%s.schedule is set: runs would begin twice; keep one" $name) -}}
{{- end -}}
{{- end -}}
{{- range $name, $strategy := $settings.strategies -}}
{{- if and (eq $values.schedule.mode "cronjobs") $strategy.schedule -}}
{{- fail (printf "schedule.mode is cronjobs, and settings.strategies.%s.schedule is set: runs would begin twice; keep one" $name) -}}
{{- end -}}
{{- end -}}
{{- range $values.schedule.entries -}}
{{- if not (hasKey ($settings.workspaces | default dict) .workspace) -}}
{{- fail (printf "schedule.entries: %s is for the workspace %s, which settings.workspaces does not have" .name .workspace) -}}
{{- end -}}
{{- end -}}
{{- if $values.tests.workspace -}}
{{- if not (and $values.gateway.enabled $values.tests.tokenSecret) -}}
{{- fail "tests.workspace is set: the test needs the gateway (gateway.enabled) and tests.tokenSecret" -}}
{{- end -}}
{{- end -}}
{{- end -}}
