import type * as HttpApi from "@effect/platform/HttpApi"
import type * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"

export interface Route {
  readonly name: string
  readonly pattern: RegExp
  readonly methods: ReadonlySet<string>
}

/** The route a path belongs to, for labels of bounded number; undefined when there is none. */
export type RouteOf = (path: string) => Route | undefined

const toRoute = (path: string, methods: ReadonlyArray<string>): Route => ({
  name: path,
  pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`),
  methods: new Set(methods.map((method) => method.toUpperCase()))
})

/** The routes of an API, and those beside it: of pages, which are got, and of forms, which are sent as well. */
export const routesOf = <Id extends string, Groups extends HttpApiGroup.HttpApiGroup.Any, E, R>(
  api: HttpApi.HttpApi<Id, Groups, E, R>,
  pages: ReadonlyArray<string>,
  forms: ReadonlyArray<string> = []
): RouteOf => {
  const routes: ReadonlyArray<Route> = [
    ...Object.entries(OpenApi.fromApi(api).paths).map(([path, operations]) =>
      toRoute(path, Object.keys(operations))
    ),
    ...pages.map((path) => toRoute(path, ["get"])),
    ...forms.map((path) => toRoute(path, ["get", "post"]))
  ]
  const fixed = new Map(
    routes.filter(({ name }) => !name.includes("{")).map((route) => [route.name, route] as const)
  )
  const open = routes.filter(({ name }) => name.includes("{"))
  return (path) => fixed.get(path) ?? open.find(({ pattern }) => pattern.test(path))
}

/** The methods a path answers, as an Allow header has them. */
export const allowed = (route: Route): string =>
  [...route.methods, ...(route.methods.has("GET") ? ["HEAD"] : [])].sort().join(", ")

/** Of the router. Ids may be longer than the hundred characters that it would let them be. */
export const routing = { maxParamLength: 1_000 }
