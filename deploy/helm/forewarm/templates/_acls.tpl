{{/* What each role does at the brokers, as JSON. Reading and writing imply describing; a producer with the right to write
to any topic may be idempotent. The same table stands in docs/operations.md. */}}
{{- define "forewarm.aclsOf" -}}
{{- $reads := dict
  "ingest" (list "access-events" "warm-outcomes")
  "predict" (list "access-events" "warm-outcomes" "warm-requests")
  "warm" (list "access-events" "warm-commands")
  "gateway" (list "warm-commands") -}}
{{- $writes := dict
  "ingest" (list "dead-letters")
  "predict" (list "warm-commands" "warm-requests" "dead-letters")
  "warm" (list "warm-outcomes" "dead-letters")
  "gateway" (list "access-events" "warm-requests")
  "schedule" (list "warm-requests") -}}
{{- $groups := dict "ingest" (list "ingest") "predict" (list "predict") "warm" (list "warm" "pointers") -}}
{{- $manages := dict "topics" (list "access-events" "warm-requests" "warm-commands" "warm-outcomes" "dead-letters") -}}
{{- $acls := list -}}
{{- range default list (get $groups .role) -}}
{{- $acls = append $acls (dict "type" "group" "name" . "operations" (list "Read")) -}}
{{- end -}}
{{- $role := .role -}}
{{- range concat (default list (get $reads .role)) (default list (get $writes .role)) | uniq | sortAlpha -}}
{{- $operations := list -}}
{{- if has . (default list (get $reads $role)) }}{{- $operations = append $operations "Read" -}}{{- end -}}
{{- if has . (default list (get $writes $role)) }}{{- $operations = append $operations "Write" -}}{{- end -}}
{{- $acls = append $acls (dict "type" "topic" "name" . "operations" $operations) -}}
{{- end -}}
{{- range default list (get $manages .role) -}}
{{- $acls = append $acls (dict "type" "topic" "name" . "operations" (list "Create" "Describe" "DescribeConfigs" "AlterConfigs")) -}}
{{- end -}}
{{- toJson $acls -}}
{{- end -}}
