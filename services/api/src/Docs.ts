import * as Effect from "effect/Effect"

/** The interactive documentation: Swagger UI from its package, under our own address. */
const files = {
  "/docs/swagger-ui.css": {
    module: "swagger-ui-dist/swagger-ui.css",
    contentType: "text/css; charset=utf-8"
  },
  "/docs/swagger-ui-bundle.js": {
    module: "swagger-ui-dist/swagger-ui-bundle.js",
    contentType: "text/javascript; charset=utf-8"
  }
} as const

export type DocsFile = keyof typeof files

export const docsFiles: ReadonlyArray<DocsFile> = ["/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js"]

/** Swagger UI writes style attributes; scripts stay our own files. */
export const docsPolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"

export const docsPage = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>InfluScope API</title>
<link rel="icon" href="/favicon.svg">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>`

export const docsScript = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null })\n`

/** Bytes of one of the files, read when somebody asks: they are larger than the rest of the program. */
export const readDocsFile = (file: DocsFile) =>
  Effect.promise(() => Bun.file(Bun.resolveSync(files[file].module, import.meta.dir)).bytes()).pipe(
    Effect.map((body) => ({ body, contentType: files[file].contentType }))
  )
