import type { GoModule, GoRepository } from './go-proxy.ts'

const module = (path: string, version: string, rest: Pick<GoModule, 'sum' | 'folder'>): GoModule => ({
  path,
  version,
  ...rest,
})

const staging = (name: string, sum: string): GoModule =>
  module(`k8s.io/${name}`, 'v0.33.1', { sum, folder: `staging/src/k8s.io/${name}` })

/** What is read of Go: small and large, one module and several, joined by `replace` and by go.work. */
export const GO_REPOSITORIES: readonly GoRepository[] = [
  {
    name: 'cobra',
    workspace: false,
    modules: [
      module('github.com/spf13/cobra', 'v1.9.1', {
        sum: 'h1:CXSaggrXdbHK9CF+8ywj8Amf7PBRmPCOJugH954Nnlo=',
        folder: '',
      }),
    ],
  },
  {
    name: 'client_golang',
    workspace: false,
    modules: [
      module('github.com/prometheus/client_golang', 'v1.22.0', {
        sum: 'h1:rb93p9lokFEsctTys46VnV1kLCDpVZ0a/Y92Vm0Zc6Q=',
        folder: '',
      }),
    ],
  },
  {
    name: 'grpc',
    workspace: false,
    modules: [
      module('google.golang.org/grpc', 'v1.72.1', {
        sum: 'h1:HR03wO6eyZ7lknl75XlxABNVLLFc2PAb6mHlYh756mA=',
        folder: '',
      }),
    ],
  },
  {
    name: 'kubernetes',
    workspace: false,
    modules: [
      module('k8s.io/kubernetes', 'v1.33.1', { sum: 'h1:86+VVY/f11taZdpEZrNciLw1MIQhu6BFXf/OMFn5EUg=', folder: '' }),
    ],
  },
  {
    name: 'opentelemetry',
    workspace: false,
    modules: [
      module('go.opentelemetry.io/otel', 'v1.36.0', {
        sum: 'h1:UumtzIklRBY6cI/lllNZlALOF5nNIzJVb16APdvgTXg=',
        folder: '',
      }),
      module('go.opentelemetry.io/otel/metric', 'v1.36.0', {
        sum: 'h1:MoWPKVhQvJ+eeXWHFBOPoBOi20jh6Iq2CcCREuTYufE=',
        folder: 'metric',
      }),
      module('go.opentelemetry.io/otel/trace', 'v1.36.0', {
        sum: 'h1:ahxWNuqZjpdiFAyrIoQ4GIiAIhxAunQR6MUoKrsNd4w=',
        folder: 'trace',
      }),
      module('go.opentelemetry.io/otel/sdk', 'v1.36.0', {
        sum: 'h1:b6SYIuLRs88ztox4EyrvRti80uXIFy+Sqzoh9kFULbs=',
        folder: 'sdk',
      }),
      module('go.opentelemetry.io/otel/sdk/metric', 'v1.36.0', {
        sum: 'h1:r0ntwwGosWGaa0CrSt8cuNuTcccMXERFwHX4dThiPis=',
        folder: 'sdk/metric',
      }),
    ],
  },
  {
    name: 'kubernetes-staging',
    workspace: true,
    modules: [
      staging('api', 'h1:tA6Cf3bHnLIrUK4IqEgb2v++/GYUtqiu9sRVk3iBXyw='),
      staging('apimachinery', 'h1:mzqXWV8tW9Rw4VeW9rEkqvnxj59k1ezDUl20tFK/oM4='),
      staging('client-go', 'h1:ZZV/Ks2g92cyxWkRRnfUDsnhNn28eFpt26aGc8KbXF4='),
    ],
  },
]
