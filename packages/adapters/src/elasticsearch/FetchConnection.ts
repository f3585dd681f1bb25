import {
  BaseConnection,
  type ConnectionRequestOptions,
  type ConnectionRequestOptionsAsStream,
  type ConnectionRequestParams,
  type ConnectionRequestResponse,
  type ConnectionRequestResponseAsStream,
  errors
} from "@elastic/elasticsearch"

type RequestHeaders = ConnectionRequestParams["headers"]

const headersOf = (ofAll: RequestHeaders, ofThis: RequestHeaders): Record<string, string> => {
  // Within a data centre, compressing an answer costs more than it saves.
  const headers: Record<string, string> = { "accept-encoding": "identity" }
  for (const [name, value] of Object.entries({ ...ofAll, ...ofThis }))
    if (value !== undefined) headers[name.toLowerCase()] = String(value)
  return headers
}

/**
 * A connection of the Elasticsearch client over Bun's own `fetch`, which takes 0.28 ms of the processor for a search where
 * `HttpConnection`, over Bun's `node:http`, takes 0.75 ms (decision 19). Bodies are text; a call lasts until its signal ends
 * it, so `timeout` is the caller's business. Fails with the client's RequestAbortedError and ConnectionError.
 */
export class FetchConnection extends BaseConnection {
  override request(
    params: ConnectionRequestParams,
    options: ConnectionRequestOptions
  ): Promise<ConnectionRequestResponse>
  override request(
    params: ConnectionRequestParams,
    options: ConnectionRequestOptionsAsStream
  ): Promise<ConnectionRequestResponseAsStream>
  override async request(
    params: ConnectionRequestParams,
    options: ConnectionRequestOptions | ConnectionRequestOptionsAsStream
  ): Promise<ConnectionRequestResponse | ConnectionRequestResponseAsStream> {
    const { body = null, headers, method, path, querystring = "" } = params
    const { signal } = options
    if ("asStream" in options || (body !== null && typeof body !== "string"))
      throw new errors.ConfigurationError("This connection does not stream")
    const prefix = this.url.pathname.replace(/\/$/, "")
    const query = querystring === "" ? "" : `?${querystring}`
    this._openRequests++
    try {
      const response = await fetch(`${this.url.origin}${prefix}${path}${query}`, {
        method,
        headers: headersOf(this.headers, headers),
        body,
        redirect: "manual",
        ...(signal === undefined ? {} : { signal }),
        ...(this.tls === null ? {} : { tls: { ca: this.tls.ca } })
      })
      return {
        body: await response.text(),
        statusCode: response.status,
        headers: response.headers.toJSON()
      }
    } catch (cause) {
      if (signal?.aborted === true) throw new errors.RequestAbortedError("Request aborted")
      throw new errors.ConnectionError(cause instanceof Error ? cause.message : String(cause))
    } finally {
      this._openRequests--
    }
  }

  override close(): Promise<void> {
    return Promise.resolve()
  }
}
