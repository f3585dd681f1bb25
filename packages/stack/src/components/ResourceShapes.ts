import type { Shape } from "./Shape.ts"

const metadata: Shape = {
  fields: { name: "text", namespace: "text", labels: { map: "text" }, annotations: { map: "text" } }
}
const texts: Shape = { list: "text" }
const resource = (parts: Readonly<Record<string, Shape>>): Shape => ({
  fields: { apiVersion: "text", kind: "text", metadata, ...parts }
})

const policies: Shape = {
  fields: { timeout: "text", retry: "text", circuitBreaker: "text", circuitBreakerCacheSize: "whole" }
}
const componentPolicies: Shape = {
  fields: { timeout: "text", retry: "text", circuitBreaker: "text" }
}
const handlers: Shape = {
  fields: {
    handlers: {
      list: {
        fields: {
          name: "text",
          type: "text",
          version: "text",
          selector: { fields: { fields: { list: { fields: { field: "text", value: "text" } } } } }
        }
      }
    }
  }
}
const action: Shape = { oneOf: ["allow", "deny"] }
const apiRules: Shape = {
  list: {
    fields: {
      name: {
        oneOf: [
          "invoke",
          "state",
          "publish",
          "bindings",
          "secrets",
          "actors",
          "metadata",
          "configuration",
          "lock",
          "unlock",
          "crypto",
          "subtlecrypto",
          "workflows",
          "healthz",
          "jobs",
          "shutdown",
          "conversation",
          "subscribe"
        ]
      },
      version: "text",
      protocol: { oneOf: ["http", "grpc"] }
    }
  }
}
const metrics: Shape = {
  fields: {
    enabled: "bool",
    recordErrorCodes: "bool",
    http: {
      fields: { increasedCardinality: "bool", pathMatching: texts, excludeVerbs: "bool" }
    },
    latencyDistributionBuckets: { list: "whole" },
    rules: {
      list: {
        fields: { name: "text", labels: { list: { fields: { name: "text", regex: { map: "text" } } } } }
      }
    }
  }
}

const subscription = (spec: Readonly<Record<string, Shape>>): Shape =>
  resource({
    scopes: texts,
    spec: {
      fields: {
        pubsubname: "text",
        topic: "text",
        metadata: { map: "text" },
        deadLetterTopic: "text",
        bulkSubscribe: {
          fields: { enabled: "bool", maxMessagesCount: "whole", maxAwaitDurationMs: "whole" }
        },
        ...spec
      }
    }
  })

/** The resources of daprd 1.16 by `apiVersion` and kind, field by field. */
export const resourceShapes: Readonly<Record<string, Shape>> = {
  "dapr.io/v1alpha1 Component": resource({
    auth: { fields: { secretStore: "text" } },
    scopes: texts,
    spec: {
      fields: {
        type: "text",
        version: "text",
        ignoreErrors: "bool",
        initTimeout: "duration",
        metadata: {
          list: {
            fields: {
              name: "text",
              value: "any",
              secretKeyRef: { fields: { name: "text", key: "text" } },
              envRef: "text"
            }
          }
        }
      }
    }
  }),
  "dapr.io/v1alpha1 Resiliency": resource({
    scopes: texts,
    spec: {
      fields: {
        policies: {
          fields: {
            timeouts: { map: "duration" },
            retries: {
              map: {
                fields: {
                  policy: { oneOf: ["constant", "exponential"] },
                  duration: "duration",
                  maxInterval: "duration",
                  maxRetries: "whole",
                  matching: { fields: { httpStatusCodes: "text", gRPCStatusCodes: "text" } }
                }
              }
            },
            circuitBreakers: {
              map: {
                fields: { maxRequests: "whole", interval: "duration", timeout: "duration", trip: "text" }
              }
            }
          }
        },
        targets: {
          fields: {
            apps: { map: policies },
            actors: {
              map: {
                fields: {
                  timeout: "text",
                  retry: "text",
                  circuitBreaker: "text",
                  circuitBreakerScope: "text",
                  circuitBreakerCacheSize: "whole"
                }
              }
            },
            components: {
              map: { fields: { inbound: componentPolicies, outbound: componentPolicies } }
            }
          }
        }
      }
    }
  }),
  "dapr.io/v1alpha1 Configuration": resource({
    spec: {
      fields: {
        httpPipeline: handlers,
        appHttpPipeline: handlers,
        tracing: {
          fields: {
            samplingRate: "text",
            stdout: "bool",
            zipkin: { fields: { endpointAddress: "text" } },
            otel: {
              fields: {
                protocol: { oneOf: ["grpc", "http"] },
                endpointAddress: "text",
                isSecure: "bool",
                headers: "text",
                timeout: "whole"
              }
            }
          }
        },
        mtls: {
          fields: {
            enabled: "bool",
            workloadCertTTL: "duration",
            allowedClockSkew: "duration",
            sentryAddress: "text",
            controlPlaneTrustDomain: "text",
            tokenValidators: "any"
          }
        },
        metric: metrics,
        metrics,
        secrets: {
          fields: {
            scopes: {
              list: {
                fields: {
                  storeName: "text",
                  defaultAccess: action,
                  allowedSecrets: texts,
                  deniedSecrets: texts
                }
              }
            }
          }
        },
        accessControl: {
          fields: {
            defaultAction: action,
            trustDomain: "text",
            policies: {
              list: {
                fields: {
                  appId: "text",
                  defaultAction: action,
                  trustDomain: "text",
                  namespace: "text",
                  operations: { list: { fields: { name: "text", httpVerb: texts, action } } }
                }
              }
            }
          }
        },
        nameResolution: {
          fields: { component: "text", version: "text", configuration: "any" }
        },
        features: { list: { fields: { name: "text", enabled: "bool" } } },
        api: { fields: { allowed: apiRules, denied: apiRules } },
        components: { fields: { deny: texts } },
        logging: {
          fields: {
            apiLogging: {
              fields: { enabled: "bool", obfuscateURLs: "bool", omitHealthChecks: "bool" }
            }
          }
        },
        wasm: { fields: { strictSandbox: "bool" } },
        workflow: {
          fields: {
            maxConcurrentWorkflowInvocations: "whole",
            maxConcurrentActivityInvocations: "whole"
          }
        }
      }
    }
  }),
  "dapr.io/v1alpha1 Subscription": subscription({ route: "text" }),
  "dapr.io/v2alpha1 Subscription": subscription({
    routes: {
      fields: { default: "text", rules: { list: { fields: { match: "text", path: "text" } } } }
    }
  })
}

const shared: Readonly<Record<string, Shape>> = {
  configFilePath: "text",
  appProtocol: { oneOf: ["http", "https", "grpc", "grpcs", "h2c"] },
  apiListenAddresses: "text",
  enableProfiling: "bool",
  logLevel: { oneOf: ["debug", "info", "warn", "error", "fatal", "panic"] },
  appMaxConcurrency: "whole",
  placementHostAddress: "text",
  schedulerHostAddress: "text",
  resourcesPath: "text",
  resourcesPaths: texts,
  appSSL: "bool",
  maxBodySize: "text",
  readBufferSize: "text",
  enableAppHealthCheck: "bool",
  appHealthCheckPath: "text",
  appHealthProbeInterval: "whole",
  appHealthProbeTimeout: "whole",
  appHealthThreshold: "whole",
  enableApiLogging: "bool",
  runtimePath: "text",
  env: { map: "text" },
  daprdLogDestination: { oneOf: ["file", "console", "fileAndConsole"] },
  appLogDestination: { oneOf: ["file", "console", "fileAndConsole"] }
}

/** The file of `dapr run -f`, as Dapr CLI 1.16 reads it. */
export const runFileShape: Shape = {
  fields: {
    version: "whole",
    name: "text",
    common: { fields: shared },
    apps: {
      list: {
        fields: {
          ...shared,
          appID: "text",
          appDirPath: "text",
          appChannelAddress: "text",
          appPort: "whole",
          daprHTTPPort: "whole",
          daprGRPCPort: "whole",
          daprInternalGRPCPort: "whole",
          metricsPort: "whole",
          profilePort: "whole",
          unixDomainSocket: "text",
          command: texts,
          containerImage: "text",
          containerImagePullPolicy: { oneOf: ["Always", "Never", "IfNotPresent"] },
          createService: "bool"
        }
      }
    }
  }
}
