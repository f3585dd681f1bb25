import { generateKeyPairSync } from "node:crypto"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import type { InstallFailed, ServerFailed, ServerRecipe, Where } from "@influscope/stack/Server"
import * as Shell from "@influscope/stack/Shell"
import { answers } from "@influscope/stack/SignedFetch"
import * as Supervisor from "@influscope/stack/Supervisor"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { etcd, kubernetes } from "./Tools.ts"

const at = ({ ports }: Where, role: string): string => `127.0.0.1:${ports[role] ?? 0}`

const etcdRecipe: ServerRecipe = {
  name: "etcd",
  version: "3",
  purpose: "what the API server knows",
  ports: { client: 2379, peer: 2380 },
  install: etcd,
  prepare: () => Effect.void,
  command: (where) => ({
    argv: [
      where.program,
      ...["--data-dir", join(where.directory, "data"), "--unsafe-no-fsync"],
      ...["--listen-client-urls", `http://${at(where, "client")}`],
      ...["--advertise-client-urls", `http://${at(where, "client")}`],
      ...["--listen-peer-urls", `http://${at(where, "peer")}`],
      ...["--initial-advertise-peer-urls", `http://${at(where, "peer")}`],
      ...["--initial-cluster", `default=http://${at(where, "peer")}`]
    ]
  }),
  ready: (where) => answers(`http://${at(where, "client")}/health`),
  startTimeout: "30 seconds",
  stopTimeout: "10 seconds",
  environment: () => ({})
}

const apiServerRecipe = (etcdAddress: string): ServerRecipe => ({
  name: "kube-apiserver",
  version: "1.35",
  purpose: "judges manifests",
  ports: { https: 6443 },
  install: kubernetes,
  prepare: ({ directory, secret }) =>
    Effect.sync(() => {
      const keys = generateKeyPairSync("rsa", { modulusLength: 2048 })
      const write = (name: string, text: string) =>
        writeFileSync(join(directory, name), text, { mode: 0o600 })
      write("accounts.key", keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString())
      write("accounts.pub", keys.publicKey.export({ type: "spki", format: "pem" }).toString())
      write("tokens.csv", `${secret},admin,admin,"system:masters"\n`)
    }),
  command: (where) => {
    const file = (name: string) => join(where.directory, name)
    return {
      argv: [
        join(where.program, "kube-apiserver"),
        `--etcd-servers=http://${etcdAddress}`,
        "--bind-address=127.0.0.1",
        `--secure-port=${where.ports["https"] ?? 0}`,
        `--cert-dir=${file("certificates")}`,
        `--service-account-key-file=${file("accounts.pub")}`,
        `--service-account-signing-key-file=${file("accounts.key")}`,
        "--service-account-issuer=https://kubernetes.default.svc",
        `--token-auth-file=${file("tokens.csv")}`,
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.96.0.0/16",
        // Nobody here makes the default service account that it would ask for.
        "--disable-admission-plugins=ServiceAccount"
      ]
    }
  },
  ready: (where) =>
    Effect.matchEffect(kubectl(where)(["get", "--raw", "/readyz"]), {
      onFailure: () => Effect.succeed(false),
      onSuccess: (text) => Effect.succeed(text.trim() === "ok")
    }),
  startTimeout: "60 seconds",
  stopTimeout: "15 seconds",
  environment: () => ({})
})

export type Kubectl = (
  args: ReadonlyArray<string>,
  stdin?: string
) => Effect.Effect<string, Shell.CommandFailed>

const kubectl =
  (where: Where): Kubectl =>
  (args, stdin) =>
    Shell.run(
      [
        join(where.program, "kubectl"),
        // As kubectl's own file, which is found elsewhere, may name another cluster.
        "--kubeconfig=/dev/null",
        `--server=https://${at(where, "https")}`,
        "--insecure-skip-tls-verify",
        `--token=${where.secret}`,
        ...args
      ],
      stdin === undefined ? {} : { stdin }
    )

/** An API server with a store of its own, empty, for as long as the scope is open; answers what talks to it. */
export const apiServer = (
  directory: string
): Effect.Effect<Kubectl, InstallFailed | ServerFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const store = yield* Supervisor.scoped(etcdRecipe, { directory: join(directory, "etcd") })
    const server = yield* Supervisor.scoped(apiServerRecipe(at(store.where, "client")), {
      directory: join(directory, "kube-apiserver")
    })
    return kubectl(server.where)
  })
