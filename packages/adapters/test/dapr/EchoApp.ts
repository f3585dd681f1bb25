import * as Effect from "effect/Effect"

/** The app that the conformance suite of Invoker asks for, on a port of its own. */
export const echoApp = Effect.acquireRelease(
  Effect.sync(() => {
    let pending = 0
    const pause = (millis: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, millis)
        signal.addEventListener("abort", () => {
          clearTimeout(timer)
          resolve()
        })
      })
    const whilePending = async (work: () => Promise<void>): Promise<void> => {
      pending += 1
      try {
        await work()
      } finally {
        pending -= 1
      }
    }
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      idleTimeout: 30,
      maxRequestBodySize: 64 * 1024 * 1024,
      fetch: async (request) => {
        const url = new URL(request.url)
        const [, route = "", argument = ""] = url.pathname.split("/")
        if (route === "status")
          return new Response(`status ${argument}`, {
            status: Number(argument),
            headers: { "x-app": "echo" }
          })
        if (route === "count") return new Response(String((await request.arrayBuffer()).byteLength))
        if (route === "slow") {
          await whilePending(() => pause(10_000, request.signal))
          return new Response("late")
        }
        if (route === "drip")
          return new Response(
            new ReadableStream<Uint8Array>({
              start: (controller) => {
                void whilePending(async () => {
                  for (let sent = 0; sent < 10 && !request.signal.aborted; sent++) {
                    controller.enqueue(new Uint8Array(65_536))
                    await pause(1_000, request.signal)
                  }
                  if (!request.signal.aborted) controller.close()
                })
              }
            })
          )
        if (route === "echo")
          return new Response(request.method === "GET" ? null : await request.arrayBuffer(), {
            headers: {
              "x-method": request.method,
              "x-path": `${url.pathname}${url.search}`,
              "x-seen": request.headers.get("x-test") ?? "",
              "content-type": request.headers.get("content-type") ?? "text/plain"
            }
          })
        return new Response("no such route", { status: 404 })
      }
    })
    return { port: server.port ?? 0, server, pending: Effect.sync(() => pending) }
  }),
  ({ server }) => Effect.promise(() => server.stop(true))
)
