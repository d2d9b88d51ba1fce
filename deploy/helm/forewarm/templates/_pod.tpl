{{/* Environment of a role by name, as JSON: a name is there once, whoever sets it. In a pod it is sorted by name, so that
K8S_* stand before OTEL_*, which name them. */}}
{{- define "forewarm.env" -}}
{{- $env := dict -}}
{{- $_ := set $env "FOREWARM_CONFIG" (dict "value" "/etc/forewarm/forewarm.yaml") -}}
{{- range $name, $path := dict "K8S_POD_NAME" "metadata.name" "K8S_NAMESPACE" "metadata.namespace" "K8S_NODE_NAME" "spec.nodeName" -}}
{{- $_ := set $env $name (dict "valueFrom" (dict "fieldRef" (dict "apiVersion" "v1" "fieldPath" $path))) -}}
{{- end -}}
{{- $attributes := list
  (printf "k8s.container.name=%s" .role)
  "k8s.namespace.name=$(K8S_NAMESPACE)"
  "k8s.node.name=$(K8S_NODE_NAME)"
  "k8s.pod.name=$(K8S_POD_NAME)"
  (printf "service.instance.id=$(K8S_NAMESPACE).$(K8S_POD_NAME).%s" .role)
  (printf "service.namespace=%s" (include "forewarm.fullname" .root)) -}}
{{- $_ := set $env "OTEL_RESOURCE_ATTRIBUTES" (dict "value" (join "," $attributes)) -}}
{{- if eq .role "gateway" -}}
{{- $_ := set $env "FOREWARM_GATEWAY__HOST" (dict "value" "0.0.0.0") -}}
{{- if .root.Values.gateway.tokensSecret -}}
{{- $_ := set $env "FOREWARM_GATEWAY__TOKENS_FILE" (dict "value" (printf "%s/tokens" (include "forewarm.folderOf" "gateway"))) -}}
{{- end -}}
{{- end -}}
{{- $secrets := include "forewarm.secretsOf" . | fromJson -}}
{{- $prefixes := dict "kafka" "FOREWARM_KAFKA__SASL" "modelRedis" "FOREWARM_MODEL__REDIS" "cacheRedis" "FOREWARM_CACHE__REDIS" "registry" "FOREWARM_REGISTRY" -}}
{{- range $engine := include "forewarm.enginesOf" . | fromJsonArray -}}
{{- $auth := (index $.root.Values $engine).auth -}}
{{- $byCertificate := and (eq $engine "kafka") (has $auth.mechanism (list "none" "tls")) -}}
{{- $secret := index $secrets $engine -}}
{{- if and $secret (not $byCertificate) -}}
{{- $prefix := index $prefixes $engine -}}
{{- $file := printf "%s/password" (include "forewarm.folderOf" $engine) -}}
{{- $_ := set $env (printf "%s__PASSWORD_FILE" $prefix) (dict "value" $file) -}}
{{- $username := $auth.username -}}
{{- if and (eq $engine "kafka") (include "forewarm.strimziUsers" $.root) (eq $secret (include "forewarm.strimziSecret" $)) -}}
{{- $username = include "forewarm.strimziUser" $ -}}
{{- end -}}
{{- if $username -}}
{{- $_ := set $env (printf "%s__USERNAME" $prefix) (dict "value" $username) -}}
{{- else if $auth.usernameKey -}}
{{- $ref := dict "name" $secret "key" $auth.usernameKey -}}
{{- $_ := set $env (printf "%s__USERNAME" $prefix) (dict "valueFrom" (dict "secretKeyRef" $ref)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $process := include "forewarm.process" . | fromJson -}}
{{- $_ := set $env "NODE_OPTIONS" (dict "value" (printf "--max-old-space-size-percentage=%d" (int64 $process.heapPercent))) -}}
{{- range $name, $given := $process.extraEnv -}}
{{- $_ := set $env $name (ternary $given (dict "value" (toString $given)) (kindIs "map" $given)) -}}
{{- end -}}
{{- toJson $env -}}
{{- end -}}

{{- define "forewarm.envList" -}}
{{- range $name, $source := include "forewarm.env" . | fromJson }}
- name: {{ $name }}
  {{- toYaml $source | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "forewarm.folderOf" -}}
/run/forewarm/{{ . | kebabcase }}
{{- end -}}

{{/* Sources of the projected volume of an engine: password or certificates, and authorities. A projected volume is
written anew when a secret changes. */}}
{{- define "forewarm.engineSources" -}}
{{- $values := index .root.Values .engine -}}
{{- $secret := index (include "forewarm.secretsOf" . | fromJson) .engine -}}
{{- $sources := list -}}
{{- $isKafka := eq .engine "kafka" -}}
{{- $kafkaKeys := include "forewarm.kafkaKeys" . | fromJson -}}
{{- if and $isKafka (eq $values.auth.mechanism "tls") $secret -}}
{{- $items := list (dict "key" $kafkaKeys.cert "path" "client.crt") (dict "key" $kafkaKeys.key "path" "client.key") -}}
{{- $sources = append $sources (dict "secret" (dict "name" $secret "items" $items)) -}}
{{- else if and $secret (not (and $isKafka (eq $values.auth.mechanism "none"))) -}}
{{- $sources = append $sources (dict "secret" (dict "name" $secret "items" (list (dict "key" $values.auth.passwordKey "path" "password")))) -}}
{{- end -}}
{{- if or (eq .engine "registry") $values.tls.enabled -}}
{{- $ca := ternary $kafkaKeys.caSecret $values.tls.caSecret $isKafka -}}
{{- $caKey := ternary $kafkaKeys.ca $values.tls.caKey $isKafka -}}
{{- if $ca -}}
{{- $sources = append $sources (dict "secret" (dict "name" $ca "items" (list (dict "key" $caKey "path" "ca.crt")))) -}}
{{- end -}}
{{- if and (not $isKafka) $values.tls.certSecret -}}
{{- $items := list (dict "key" $values.tls.certKey "path" "client.crt") (dict "key" $values.tls.keyKey "path" "client.key") -}}
{{- $sources = append $sources (dict "secret" (dict "name" $values.tls.certSecret "items" $items)) -}}
{{- end -}}
{{- end -}}
{{- toJson $sources -}}
{{- end -}}

{{/* Sources of the projected volume of the gateway: tokens, its own certificate, authorities of clients with what they
have revoked, and authorities of the issuer of tokens. */}}
{{- define "forewarm.gatewaySources" -}}
{{- $sources := list -}}
{{- if eq .role "gateway" -}}
{{- $values := .root.Values.gateway -}}
{{- $tls := $values.tls -}}
{{- with $values.tokensSecret -}}
{{- $sources = append $sources (dict "secret" (dict "name" . "items" (list (dict "key" $values.tokensKey "path" "tokens")))) -}}
{{- end -}}
{{- with $tls.secret -}}
{{- $items := list (dict "key" $tls.certKey "path" "tls.crt") (dict "key" $tls.keyKey "path" "tls.key") -}}
{{- $sources = append $sources (dict "secret" (dict "name" . "items" $items)) -}}
{{- end -}}
{{- with $tls.clientCaSecret -}}
{{- $sources = append $sources (dict "secret" (dict "name" . "items" (list (dict "key" $tls.clientCaKey "path" "client-ca.crt")))) -}}
{{- end -}}
{{- with $tls.clientCrlSecret -}}
{{- $sources = append $sources (dict "secret" (dict "name" . "items" (list (dict "key" $tls.clientCrlKey "path" "client-ca.crl")))) -}}
{{- end -}}
{{- with $values.oidc.caSecret -}}
{{- $sources = append $sources (dict "secret" (dict "name" . "items" (list (dict "key" $values.oidc.caKey "path" "issuer-ca.crt")))) -}}
{{- end -}}
{{- end -}}
{{- toJson $sources -}}
{{- end -}}

{{- define "forewarm.volumes" -}}
{{- $process := include "forewarm.process" . | fromJson }}
- name: config
  configMap:
    name: {{ .configMap }}
- name: tmp
  emptyDir: { sizeLimit: 64Mi }
{{- range $engine := include "forewarm.enginesOf" . | fromJsonArray }}
{{- $sources := include "forewarm.engineSources" (dict "root" $.root "role" $.role "engine" $engine) | fromJsonArray }}
{{- if $sources }}
- name: {{ kebabcase $engine }}
  projected:
    defaultMode: 0440
    sources:
      {{- toYaml $sources | nindent 6 }}
{{- end }}
{{- end }}
{{- with include "forewarm.gatewaySources" . | fromJsonArray }}
- name: gateway
  projected:
    defaultMode: 0440
    sources:
      {{- toYaml . | nindent 6 }}
{{- end }}
{{- if has .role (list "predict" "warm") }}
{{- with .root.Values.origins.volumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- with $process.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "forewarm.volumeMounts" -}}
{{- $process := include "forewarm.process" . | fromJson }}
- { name: config, mountPath: /etc/forewarm, readOnly: true }
- { name: tmp, mountPath: /tmp }
{{- range $engine := include "forewarm.enginesOf" . | fromJsonArray }}
{{- if include "forewarm.engineSources" (dict "root" $.root "role" $.role "engine" $engine) | fromJsonArray }}
- { name: {{ kebabcase $engine }}, mountPath: {{ include "forewarm.folderOf" $engine }}, readOnly: true }
{{- end }}
{{- end }}
{{- if include "forewarm.gatewaySources" . | fromJsonArray }}
- { name: gateway, mountPath: {{ include "forewarm.folderOf" "gateway" }}, readOnly: true }
{{- end }}
{{- if has .role (list "predict" "warm") }}
{{- range .root.Values.origins.volumeMounts }}
- {{ merge (dict "readOnly" true) . | toJson }}
{{- end }}
{{- end }}
{{- with $process.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* What the pods of processes and of Jobs have in common: (dict "root" "role" "configMap"). */}}
{{- define "forewarm.podSpec" -}}
{{- $process := include "forewarm.process" . | fromJson -}}
{{- /* The Job may run before the release's own account and class are there. */ -}}
{{- $isFirst := eq .role "topics" -}}
serviceAccountName: {{ ternary "default" (include "forewarm.serviceAccount" .root) $isFirst }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with include "forewarm.priorityClass" .root }}
{{- if not (and $isFirst $.root.Values.priorityClass.create) }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  {{- toYaml $process.podSecurityContext | nindent 2 }}
{{- with $process.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $process.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $process.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  {{- include "forewarm.volumes" . | trim | nindent 2 }}
{{- end -}}

{{/* The container of a role, without probes and ports: (dict "root" "role" "args"). */}}
{{- define "forewarm.container" -}}
{{- $process := include "forewarm.process" . | fromJson -}}
name: {{ .role }}
image: {{ include "forewarm.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
args:
  {{- toYaml .args | nindent 2 }}
env:
  {{- include "forewarm.envList" . | trim | nindent 2 }}
resources:
  {{- toYaml $process.resources | nindent 2 }}
securityContext:
  {{- toYaml $process.securityContext | nindent 2 }}
volumeMounts:
  {{- include "forewarm.volumeMounts" . | trim | nindent 2 }}
{{- end -}}
