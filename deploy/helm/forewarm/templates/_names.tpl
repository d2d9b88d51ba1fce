{{- define "forewarm.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Labels of an object: (dict "root" $ "role" "ingest"); without a role those of the whole release. */}}
{{- define "forewarm.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: forewarm
{{ include "forewarm.selector" . }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Labels of a pod: without the chart's version, so that a new chart alone restarts nothing. */}}
{{- define "forewarm.podLabels" -}}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: forewarm
{{ include "forewarm.selector" . }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* What a pod's own telemetry says of it, for those who collect its logs and its node's metrics. */}}
{{- define "forewarm.resourceAnnotations" -}}
resource.opentelemetry.io/service.name: forewarm-{{ .role }}
resource.opentelemetry.io/service.namespace: {{ include "forewarm.fullname" .root }}
resource.opentelemetry.io/service.version: {{ .root.Chart.AppVersion | quote }}
{{- end -}}

{{- define "forewarm.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .role }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{/* The long-running processes, in the order of the data. */}}
{{- define "forewarm.roles" -}}
{{- $roles := list "ingest" "predict" "warm" -}}
{{- if .Values.gateway.enabled }}{{- $roles = append $roles "gateway" -}}{{- end -}}
{{- toJson $roles -}}
{{- end -}}

{{- define "forewarm.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "forewarm.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ default (include "forewarm.fullname" .) .Values.serviceAccount.name }}
{{- else -}}
{{ default "default" .Values.serviceAccount.name }}
{{- end -}}
{{- end -}}

{{- define "forewarm.priorityClass" -}}
{{- if .Values.priorityClass.name -}}
{{ .Values.priorityClass.name }}
{{- else if .Values.priorityClass.create -}}
{{ .Release.Namespace }}-{{ include "forewarm.fullname" . }}
{{- end -}}
{{- end -}}

{{/* Values of a process, as JSON: `defaults`, and what the process says otherwise; what goes by name is joined. */}}
{{- define "forewarm.process" -}}
{{- $own := index .root.Values .role | default dict -}}
{{- $merged := deepCopy .root.Values.defaults -}}
{{- range $key, $value := $own -}}
{{- if has $key (list "secrets" "extraEnv" "podLabels" "podAnnotations") -}}
{{- $_ := set $merged $key (merge (dict) $value (index $merged $key)) -}}
{{- else -}}
{{- $_ := set $merged $key $value -}}
{{- end -}}
{{- end -}}
{{- toJson $merged -}}
{{- end -}}

{{/* How many pods can share the work of a process; 0 for any number. */}}
{{- define "forewarm.podsMax" -}}
{{- with .root.Values.settings.kafka -}}
{{- if eq $.role "warm" -}}{{ int64 .commandPartitions }}
{{- else if eq $.role "gateway" -}}0
{{- else -}}{{ int64 .partitions }}
{{- end -}}
{{- end -}}
{{- end -}}
