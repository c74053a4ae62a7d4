{{- define "clashwatch.name" -}}
{{ .Release.Name }}-{{ .service }}
{{- end }}

{{- define "clashwatch.labels" -}}
app.kubernetes.io/name: clashwatch
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "clashwatch.selector" -}}
app.kubernetes.io/name: clashwatch
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: {{ .service }}
{{- end }}

{{- define "clashwatch.settings" -}}
- {name: CLASHWATCH_KAFKA, value: {{ .Values.kafka.address | quote }}}
- {name: CLASHWATCH_KAFKA_TLS, value: "true"}
- {name: CLASHWATCH_KAFKA_PREFIX, value: {{ .Values.kafka.prefix | quote }}}
- {name: CLASHWATCH_ELASTICSEARCH, value: {{ .Values.elasticsearch.url | quote }}}
- {name: CLASHWATCH_ELASTICSEARCH_PREFIX, value: {{ .Values.elasticsearch.prefix | quote }}}
- {name: CLASHWATCH_HOST, value: 0.0.0.0}
- {name: CLASHWATCH_PORT, value: {{ .Values.metricsPort | quote }}}
- {name: CLASHWATCH_LOG_FORMAT, value: json}
- {name: CLASHWATCH_DATA, value: /data}
{{- if .Values.kafka.user }}
- {name: CLASHWATCH_KAFKA_USER, value: {{ .Values.kafka.user | quote }}}
- {name: CLASHWATCH_KAFKA_PASSWORD_FILE, value: /secrets/kafka-password}
{{- end }}
{{- if .Values.kafka.caSecret }}
- {name: CLASHWATCH_KAFKA_CA, value: /kafka-ca/ca.pem}
{{- end }}
{{- if .Values.existingSecret }}
- {name: CLASHWATCH_ELASTICSEARCH_API_KEY_FILE, value: /secrets/elasticsearch-api-key}
{{- end }}
{{- if .Values.elasticsearch.caSecret }}
- {name: CLASHWATCH_ELASTICSEARCH_CA, value: /elasticsearch-ca/ca.pem}
{{- end }}
{{- end }}

{{- define "clashwatch.mounts" -}}
- {name: tmp, mountPath: /tmp}
{{- if .Values.existingSecret }}
- {name: secrets, mountPath: /secrets, readOnly: true}
{{- end }}
{{- if .Values.kafka.caSecret }}
- {name: kafka-ca, mountPath: /kafka-ca, readOnly: true}
{{- end }}
{{- if .Values.elasticsearch.caSecret }}
- {name: elasticsearch-ca, mountPath: /elasticsearch-ca, readOnly: true}
{{- end }}
{{- end }}

{{- define "clashwatch.volumes" -}}
- {name: tmp, emptyDir: {sizeLimit: 256Mi}}
{{- if .Values.existingSecret }}
- {name: secrets, secret: {secretName: {{ .Values.existingSecret }}, defaultMode: 0440}}
{{- end }}
{{- if .Values.kafka.caSecret }}
- {name: kafka-ca, secret: {secretName: {{ .Values.kafka.caSecret }}}}
{{- end }}
{{- if .Values.elasticsearch.caSecret }}
- {name: elasticsearch-ca, secret: {secretName: {{ .Values.elasticsearch.caSecret }}}}
{{- end }}
{{- end }}

{{- define "clashwatch.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "clashwatch.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}
