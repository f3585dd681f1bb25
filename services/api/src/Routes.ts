import * as OpenApi from "@effect/platform/OpenApi"
import { Api } from "@influscope/domain/api/Api"

interface Route {
  readonly name: string
  readonly pattern: RegExp
  readonly methods: ReadonlySet<string>
}

const pages = [
  "/",
  "/livez",
  "/readyz",
  "/metrics",
  "/openapi.json",
  "/docs",
  "/docs/{name}",
  "/favicon.svg",
  "/assets/{name}"
]

const toRoute = (path: string, methods: ReadonlyArray<string>): Route => ({
  name: path,
  pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`),
  methods: new Set(methods.map((method) => method.toUpperCase()))
})

const routes: ReadonlyArray<Route> = [
  ...Object.entries(OpenApi.fromApi(Api).paths).map(([path, operations]) =>
    toRoute(path, Object.keys(operations))
  ),
  ...pages.map((path) => toRoute(path, ["get"]))
]

const fixed = new Map(
  routes.filter(({ name }) => !name.includes("{")).map((route) => [route.name, route] as const)
)
const open = routes.filter(({ name }) => name.includes("{"))

/** The route a path belongs to, for labels of bounded number; undefined when there is none. */
export const routeOf = (path: string): Route | undefined =>
  fixed.get(path) ?? open.find(({ pattern }) => pattern.test(path))

/** The methods a path answers, as an Allow header has them. */
export const allowed = (route: Route): string =>
  [...route.methods, ...(route.methods.has("GET") ? ["HEAD"] : [])].sort().join(", ")
