import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync
} from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import { cached, fromPackage, install } from "../Cache.ts"
import { InstallFailed, type ServerRecipe, type Where } from "../Server.ts"

const name = "elasticsearch"
const version = "9.5.3"
const leastJava = 21
const launcherSource = fileURLToPath(new URL("elasticsearch/Launcher.java", import.meta.url))

/** Part of the cache's key: a changed launcher is compiled anew. */
const launcherHash = (): string => Bun.hash(readFileSync(launcherSource)).toString(36).slice(0, 8)

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>influscope</groupId>
  <artifactId>elasticsearch</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.elasticsearch</groupId>
      <artifactId>elasticsearch</artifactId>
      <version>${version}</version>
    </dependency>
    <dependency>
      <groupId>org.elasticsearch.plugin</groupId>
      <artifactId>transport-netty4</artifactId>
      <version>${version}</version>
    </dependency>
  </dependencies>
</project>
`

const httpModule = `name=transport-netty4
description=HTTP and transport
version=${version}
elasticsearch.version=${version}
java.version=${leastJava}
classname=org.elasticsearch.transport.netty4.Netty4Plugin
modulename=org.elasticsearch.transport.netty4
`

/** The JDK on the PATH, whose `java` is a chain of links. */
const jdkOnPath = (): string | undefined => {
  const java = Bun.which("java")
  return java === null ? undefined : dirname(dirname(realpathSync(java)))
}

const systemJdks = "/usr/lib/jvm"

/** The feature version of the JDK in a directory: 0 when there is none, or only a runtime without a compiler. */
const featureVersion = (home: string): number => {
  const release = join(home, "release")
  if (!existsSync(release) || !existsSync(join(home, "bin", "javac"))) return 0
  return Number(/^JAVA_VERSION="(\d+)/m.exec(readFileSync(release, "utf8"))?.[1] ?? 0)
}

const findJdk = (): string | undefined => {
  const named = [process.env["ES_JAVA_HOME"], process.env["JAVA_HOME"], jdkOnPath()]
  const installed = existsSync(systemJdks)
    ? readdirSync(systemJdks).map((each) => join(systemJdks, each))
    : []
  return [...named, ...installed].find((home) => home !== undefined && featureVersion(home) >= leastJava)
}

const jdk = fromPackage(name, "openjdk-21-jdk-headless", findJdk).pipe(
  Effect.mapError(
    ({ why }) =>
      new InstallFailed({
        server: name,
        why: `no JDK ${leastJava} or later was found: ${why}`,
        remedy: `install a JDK ${leastJava} or later with javac (on Debian 13: apt-get install -y openjdk-21-jdk-headless; elsewhere any OpenJDK build) and set JAVA_HOME to it`
      })
  )
)

const maven = fromPackage(name, "maven", () => Bun.which("mvn") ?? undefined)

/** Lays out a home: the core's libraries, HTTP as its only module, and our launcher. */
const layOut = (home: string, jdkHome: string, mvn: string): Effect.Effect<void, InstallFailed> => {
  const library = join(home, "lib")
  const http = join(home, "modules", "transport-netty4")
  const files = Effect.sync(() => {
    for (const directory of [library, http, join(home, "plugins"), join(home, "config")])
      mkdirSync(directory, { recursive: true })
    writeFileSync(join(home, "pom.xml"), pom)
    writeFileSync(join(http, "plugin-descriptor.properties"), httpModule)
  })
  const moveHttp = Effect.sync(() => {
    for (const jar of readdirSync(library))
      if (/^(netty-|transport-netty4)/.test(jar)) renameSync(join(library, jar), join(http, jar))
  })
  return files.pipe(
    Effect.zipRight(
      install(
        name,
        "check that Maven can reach Maven Central, then try again",
        [
          mvn,
          "-q",
          "-B",
          "dependency:copy-dependencies",
          "-DincludeScope=runtime",
          `-DoutputDirectory=${library}`
        ],
        { cwd: home }
      )
    ),
    Effect.zipRight(moveHttp),
    Effect.zipRight(
      install(name, `set JAVA_HOME to a JDK ${leastJava} or later`, [
        join(jdkHome, "bin", "javac"),
        "--release",
        String(leastJava),
        "-cp",
        join(library, "*"),
        "-d",
        home,
        launcherSource
      ])
    ),
    Effect.asVoid
  )
}

const url = ({ ports }: Where): string => `http://127.0.0.1:${ports["http"] ?? 0}`

/**
 * One node of Elasticsearch's core, from Maven Central: without scripts, language analysers, security or index
 * lifecycles, and so without a password; it listens on loopback only. `ELASTICSEARCH_HEAP` sets its heap, 1g by default.
 */
export const elasticsearch: ServerRecipe = {
  name,
  version,
  purpose: "profiles, search and facets",
  ports: { http: 19_200, transport: 19_300 },
  install: Effect.zipRight(
    // Needed at every start, not only for the first.
    jdk,
    Effect.suspend(() =>
      cached(name, `${version}-${launcherHash()}`, (home) =>
        Effect.flatMap(Effect.all([jdk, maven]), ([jdkHome, mvn]) => layOut(home, jdkHome, mvn))
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
        join(findJdk() ?? "", "bin", "java"),
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
        program,
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
}
