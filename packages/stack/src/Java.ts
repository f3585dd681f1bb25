import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import * as Effect from "effect/Effect"
import { cached, fromPackage, install } from "./Cache.ts"
import type { InstallFailed } from "./Server.ts"

const systemJdks = "/usr/lib/jvm"

const featureVersion = (home: string): number => {
  const release = join(home, "release")
  if (!existsSync(release) || !existsSync(join(home, "bin", "java"))) return 0
  return Number(/^JAVA_VERSION="(\d+)/m.exec(readFileSync(release, "utf8"))?.[1] ?? 0)
}

/** The home of a Java that was named, is on the PATH, or was installed where Debian installs it. */
export const findJava = (suits: (feature: number) => boolean, compiler = false): string | undefined => {
  const onPath = Bun.which("java")
  const homes = [
    process.env["JAVA_HOME"],
    onPath === null ? undefined : dirname(dirname(realpathSync(onPath))),
    ...(existsSync(systemJdks) ? readdirSync(systemJdks).map((name) => join(systemJdks, name)) : [])
  ]
  return homes.find(
    (home) =>
      home !== undefined &&
      suits(featureVersion(home)) &&
      (!compiler || existsSync(join(home, "bin", "javac")))
  )
}

/** A Java that suits, from Debian when there is none; answers its home. */
export const java = (
  server: string,
  suits: (feature: number) => boolean,
  compiler = false,
  debianPackage = "openjdk-17-jdk-headless"
): Effect.Effect<string, InstallFailed> => fromPackage(server, debianPackage, () => findJava(suits, compiler))

/** Which version, by file: `group:artifact:version`. */
const pom = (dependencies: ReadonlyArray<string>): string => {
  const all = dependencies.map((dependency) => {
    const [group, artifact, version] = dependency.split(":")
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`
  })
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>influscope</groupId>
  <artifactId>server</artifactId>
  <version>1</version>
  <dependencies>${all.join("")}</dependencies>
</project>
`
}

/** Libraries of Maven Central with everything they need, in `lib` of a directory of the cache; answers that directory. */
export const jars = (
  server: string,
  version: string,
  dependencies: ReadonlyArray<string>,
  finish: (directory: string) => Effect.Effect<unknown, InstallFailed> = () => Effect.void
): Effect.Effect<string, InstallFailed> =>
  cached(server, version, (directory) =>
    Effect.gen(function* () {
      const mvn = yield* fromPackage(server, "maven", () => Bun.which("mvn") ?? undefined)
      const library = join(directory, "lib")
      mkdirSync(library, { recursive: true })
      writeFileSync(join(directory, "pom.xml"), pom(dependencies))
      yield* install(
        server,
        "check that Maven can reach Maven Central, then try again",
        [
          mvn,
          "-q",
          "-B",
          "dependency:copy-dependencies",
          "-DincludeScope=runtime",
          `-DoutputDirectory=${library}`
        ],
        { cwd: directory }
      )
      yield* finish(directory)
    })
  )
