import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import { install } from "../Cache.ts"
import { withClassArchive } from "../ClassArchive.ts"
import { findJava, jars, java } from "../Java.ts"
import { InstallFailed, type ServerRecipe, type Where } from "../Server.ts"

const name = "elasticsearch"
const version = "9.5.3"
const leastJava = 21
const launcherSource = fileURLToPath(new URL("elasticsearch/Launcher.java", import.meta.url))

/** Part of the cache's key: a changed launcher is compiled anew. */
const launcherHash = (): string => Bun.hash(readFileSync(launcherSource)).toString(36).slice(0, 8)

/** Java archives the classes of files only, not of directories. */
const launcherOf = (home: string): string => join(home, "launcher.jar")

const httpModule = `name=transport-netty4
description=HTTP and transport
version=${version}
elasticsearch.version=${version}
java.version=${leastJava}
classname=org.elasticsearch.transport.netty4.Netty4Plugin
modulename=org.elasticsearch.transport.netty4
`

const suits = (feature: number): boolean => feature >= leastJava
const findJdk = (): string => findJava(suits, true) ?? ""

const jdk = java(name, suits, true, `openjdk-${leastJava}-jdk-headless`).pipe(
  Effect.mapError(
    ({ why }) =>
      new InstallFailed({
        server: name,
        why: `no JDK ${leastJava} or later was found: ${why}`,
        remedy: `install a JDK ${leastJava} or later with javac (on Debian 13: apt-get install -y openjdk-21-jdk-headless; elsewhere any OpenJDK build) and set JAVA_HOME to it`
      })
  )
)

/** Of the libraries in a home's `lib`, HTTP becomes its only module; our launcher is added. */
const layOut = (home: string): Effect.Effect<void, InstallFailed> =>
  Effect.gen(function* () {
    const library = join(home, "lib")
    const http = join(home, "modules", "transport-netty4")
    const classes = join(home, "classes")
    for (const directory of [http, classes, join(home, "plugins"), join(home, "config")])
      mkdirSync(directory, { recursive: true })
    writeFileSync(join(http, "plugin-descriptor.properties"), httpModule)
    for (const jar of readdirSync(library))
      if (/^(netty-|transport-netty4)/.test(jar)) renameSync(join(library, jar), join(http, jar))
    const tools = join(yield* jdk, "bin")
    const compile = [
      ...[join(tools, "javac"), "--release", String(leastJava)],
      ...["-cp", join(library, "*"), "-d", classes, launcherSource]
    ]
    const pack = [join(tools, "jar"), "--create", "--file", launcherOf(home), "-C", classes, "."]
    for (const argv of [compile, pack])
      yield* install(name, `set JAVA_HOME to a JDK ${leastJava} or later`, argv)
    rmSync(classes, { recursive: true })
  })

const url = ({ ports }: Where): string => `http://127.0.0.1:${ports["http"] ?? 0}`

/**
 * One node of Elasticsearch's core, from Maven Central: without scripts, language analysers, security or index
 * lifecycles, and so without a password; it listens on loopback only. `ELASTICSEARCH_HEAP` sets its heap, 1g by default.
 */
export const elasticsearch: ServerRecipe = withClassArchive({
  name,
  version,
  purpose: "profiles, search and facets",
  ports: { http: 19_200, transport: 19_300 },
  install: Effect.zipRight(
    // Needed at every start, not only for the first.
    jdk,
    Effect.suspend(() =>
      jars(
        name,
        `${version}-jar-${launcherHash()}`,
        [
          `org.elasticsearch:elasticsearch:${version}`,
          `org.elasticsearch.plugin:transport-netty4:${version}`
        ],
        layOut
      )
    )
  ),
  prepare: ({ directory }) =>
    Effect.sync(() => {
      for (const each of ["data", "logs", "snapshots"]) mkdirSync(join(directory, each), { recursive: true })
    }),
  command: ({ directory, ports, program }) => {
    const heap = process.env["ELASTICSEARCH_HEAP"] ?? "1g"
    return {
      argv: [
        join(findJdk(), "bin", "java"),
        `-Xms${heap}`,
        `-Xmx${heap}`,
        "-XX:-UsePerfData",
        "--enable-native-access=ALL-UNNAMED,org.elasticsearch.nativeaccess,org.apache.lucene.core",
        "--add-opens",
        "java.base/java.io=ALL-UNNAMED",
        `-Des.path.home=${program}`,
        "--module-path",
        join(program, "lib"),
        "--add-modules",
        "ALL-MODULE-PATH,jdk.net,jdk.incubator.vector",
        "-cp",
        launcherOf(program),
        "Launcher",
        directory,
        String(ports["http"] ?? 0),
        String(ports["transport"] ?? 0)
      ]
    }
  },
  ready: (where) =>
    Effect.tryPromise(async (signal) => {
      const answer = await fetch(`${url(where)}/_cluster/health?wait_for_status=yellow&timeout=1s`, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(3_000)])
      })
      return answer.status === 200
    }).pipe(Effect.orElseSucceed(() => false)),
  startTimeout: "120 seconds",
  stopTimeout: "30 seconds",
  environment: (where) => ({ ELASTICSEARCH_URL: url(where) })
})
