import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { parse } from "yaml"
import type { Check } from "./checks/Check.ts"
import { dataDirectory, disk, memory } from "./checks/Machine.ts"
import { type PortGroup, ports } from "./checks/Ports.ts"
import { daprPrograms, dockerEngine, programs } from "./checks/Programs.ts"
import { elasticsearchHealth, rabbitmqQueues, stackServers } from "./checks/Servers.ts"
import { sidecar } from "./checks/Sidecar.ts"
import * as NativeStack from "./NativeStack.ts"
import { servers } from "./Servers.ts"
import { daprCliVersion } from "./servers/DaprCli.ts"
import { daprdVersion } from "./servers/Daprd.ts"

export interface Patient {
  readonly dataDir: string
  /** Where `influscope stack` keeps its servers. */
  readonly root: string
  /** The ports of InfluScope on this data directory, by the variables that set them. */
  readonly ownPorts: Readonly<Record<string, number>>
  /** The instance that runs on this data directory, if any. */
  readonly instancePid: number | undefined
  readonly daprHttpPort: number
  readonly daprApiToken: string | undefined
}

const Port = Schema.optional(Schema.Int)
const DaprRun = Schema.Struct({
  apps: Schema.Array(
    Schema.Struct({
      appID: Schema.String,
      appPort: Port,
      daprHTTPPort: Port,
      daprGRPCPort: Port,
      metricsPort: Port
    })
  )
})

const daprRunFile = fileURLToPath(new URL("../../../dapr/dapr.yaml", import.meta.url))

/** The ports that `dapr run -f` takes, by app and purpose. None when there is no such file. */
const daprPorts = (): Readonly<Record<string, number>> => {
  if (!existsSync(daprRunFile)) return {}
  const decoded = Schema.decodeUnknownOption(DaprRun)(parse(readFileSync(daprRunFile, "utf8")))
  if (decoded._tag === "None") return {}
  return Object.fromEntries(
    decoded.value.apps.flatMap(({ appID, ...of }) =>
      Object.entries(of).flatMap(([role, port]) => (port === undefined ? [] : [[`${appID} ${role}`, port]]))
    )
  )
}

const portGroups = (patient: Patient) =>
  Effect.map(
    Effect.orElseSucceed(NativeStack.status(patient.root), () => []),
    (status): ReadonlyArray<PortGroup> => [
      {
        name: "InfluScope",
        ports: patient.ownPorts,
        // The API beside its sidecar has the same port.
        isOurs: ({ name, pid }) =>
          pid === patient.instancePid ||
          (name === "bun" && Object.values(daprPorts()).some((port) => port === patient.ownPorts["PORT"])),
        otherwise: (role) => `choose another: ${role}=<port> npm start`
      },
      {
        name: "Dapr",
        ports: daprPorts(),
        // Its sidecars, and our services behind them.
        isOurs: ({ name }) => name === "daprd" || name === "bun",
        otherwise: () => "change it in dapr/dapr.yaml"
      },
      ...servers.map(({ name, ports: usual }): PortGroup => {
        const here = status.find((one) => one.name === name)
        return {
          name,
          ports: here?.ports ?? usual,
          isOurs: ({ name: listener, pid }) =>
            pid === here?.pid || (here?.pid !== null && here !== undefined && listener === "epmd"),
          otherwise: (role) => `use another: influscope stack up --port ${name}.${role}=<port>`
        }
      })
    ]
  )

/** Analytics and mockstagram are called and call nobody. */
const needing: Readonly<Record<string, ReadonlyArray<string>>> = {
  analytics: [],
  mockstagram: [],
  indexer: ["pubsub", "state", "objects"]
}

/** Who needs which components. */
const needed = (appId: string): ReadonlyArray<string> => needing[appId] ?? ["pubsub", "state"]

/** What a variable says, or what the servers of the stack that run say. */
const variables = (root: string) =>
  Effect.map(
    Effect.orElseSucceed(NativeStack.running(root), () => []),
    (running): Readonly<Record<string, string | undefined>> => ({
      ...Object.assign({}, ...running.map(({ recipe, where }) => recipe.environment(where))),
      ...process.env
    })
  )

/** Looks at everything that InfluScope and its Dapr runtime need; nothing is changed. */
export const examine = (patient: Patient): Effect.Effect<ReadonlyArray<Check>> =>
  Effect.gen(function* () {
    const known = yield* variables(patient.root)
    const management = known["RABBITMQ_MANAGEMENT_URL"]
    const elasticsearch = known["ELASTICSEARCH_URL"]
    const groups = yield* portGroups(patient)
    const one = (check: Effect.Effect<Check>) => Effect.map(check, (found) => [found])
    const found = yield* Effect.all(
      [
        programs,
        one(disk(patient.dataDir)),
        one(memory()),
        one(dataDirectory(patient.dataDir)),
        one(dockerEngine),
        daprPrograms({ daprd: daprdVersion, cli: daprCliVersion }),
        Effect.forEach(groups, ports),
        stackServers(patient.root),
        management === undefined ? Effect.succeed([]) : one(rabbitmqQueues(management)),
        elasticsearch === undefined ? Effect.succeed([]) : one(elasticsearchHealth(elasticsearch)),
        one(
          sidecar({
            port: patient.daprHttpPort,
            needed,
            ...(patient.daprApiToken === undefined ? {} : { token: patient.daprApiToken })
          })
        )
      ],
      { concurrency: 4 }
    )
    return found.flat()
  })
