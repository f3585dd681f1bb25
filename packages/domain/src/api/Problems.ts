import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"

/**
 * Errors on the wire are RFC 9457 problems: a stable `type`, a `title` per type, the `status`, and a `detail` that says
 * what to do. `_tag` is the type's short name, for clients that switch on it.
 */
const problemFields = <const Slug extends string, const Title extends string, const Status extends number>(
  slug: Slug,
  title: Title,
  status: Status
) => {
  const fixed = <const A extends string | number>(value: A) =>
    Schema.Literal(value).pipe(
      Schema.propertySignature,
      Schema.withConstructorDefault(() => value)
    )
  return {
    type: fixed(`urn:influscope:problem:${slug}`),
    title: fixed(title),
    status: fixed(status),
    detail: Schema.String
  }
}

export const problemContentType = "application/problem+json"

const onWire = (status: number) => ({
  [HttpApiSchema.AnnotationStatus]: status,
  [HttpApiSchema.AnnotationEncoding]: { kind: "Json", contentType: problemContentType }
})

/** One thing wrong with a request: `path` names the parameter or the field, dotted. */
export const FieldProblem = Schema.Struct({ path: Schema.String, message: Schema.String }).annotations({
  identifier: "FieldProblem"
})
export type FieldProblem = typeof FieldProblem.Type

export class InvalidRequest extends Schema.TaggedError<InvalidRequest>()(
  "InvalidRequest",
  {
    ...problemFields("invalid-request", "The request is not valid", 400),
    errors: Schema.Array(FieldProblem)
  },
  onWire(400)
) {
  override get message(): string {
    return [this.detail, ...this.errors.map((error) => `${error.path}: ${error.message}`)].join(" ")
  }
}

export class NotFound extends Schema.TaggedError<NotFound>()(
  "NotFound",
  problemFields("not-found", "There is no such thing", 404),
  onWire(404)
) {
  override get message(): string {
    return this.detail
  }
}

export class PayloadTooLarge extends Schema.TaggedError<PayloadTooLarge>()(
  "PayloadTooLarge",
  problemFields("payload-too-large", "The request body is too large", 413),
  onWire(413)
) {
  override get message(): string {
    return this.detail
  }
}

export class UnsupportedMediaType extends Schema.TaggedError<UnsupportedMediaType>()(
  "UnsupportedMediaType",
  problemFields("unsupported-media-type", "The request body is of another kind", 415),
  onWire(415)
) {
  override get message(): string {
    return this.detail
  }
}

/** The same answer whatever is wrong with a token: nobody learns from it how near a forged one came. */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()(
  "Unauthorized",
  problemFields("unauthorized", "A valid token is needed", 401),
  onWire(401)
) {
  override get message(): string {
    return this.detail
  }
}

export class Forbidden extends Schema.TaggedError<Forbidden>()(
  "Forbidden",
  problemFields("forbidden", "The token is not good for this", 403),
  onWire(403)
) {
  override get message(): string {
    return this.detail
  }
}

/** The request does not go with what is stored, and will not when it is sent again. */
export class Conflict extends Schema.TaggedError<Conflict>()(
  "Conflict",
  problemFields("conflict", "It does not go with what is there", 409),
  onWire(409)
) {
  override get message(): string {
    return this.detail
  }
}

/** Somebody else changed it since the version that `If-Match` names. */
export class PreconditionFailed extends Schema.TaggedError<PreconditionFailed>()(
  "PreconditionFailed",
  problemFields("precondition-failed", "It has changed in the meantime", 412),
  onWire(412)
) {
  override get message(): string {
    return this.detail
  }
}

/** The same request may be sent again after `Retry-After` seconds. */
export class TooManyRequests extends Schema.TaggedError<TooManyRequests>()(
  "TooManyRequests",
  problemFields("too-many-requests", "Too many requests", 429),
  onWire(429)
) {
  override get message(): string {
    return this.detail
  }
}

/** Nothing was accepted and nothing was lost: the same request may be sent again after `Retry-After` seconds. */
export class Unavailable extends Schema.TaggedError<Unavailable>()(
  "Unavailable",
  problemFields("unavailable", "The service cannot do this now", 503),
  onWire(503)
) {
  override get message(): string {
    return this.detail
  }
}

export class StorageFull extends Schema.TaggedError<StorageFull>()(
  "StorageFull",
  problemFields("storage-full", "The disk is full", 507),
  onWire(507)
) {
  override get message(): string {
    return this.detail
  }
}

export class InternalError extends Schema.TaggedError<InternalError>()(
  "InternalError",
  problemFields("internal", "Something broke on our side", 500),
  onWire(500)
) {
  override get message(): string {
    return this.detail
  }
}

/** Any problem, for clients that make their requests by hand. */
export const Problem = Schema.Union(
  InvalidRequest,
  Unauthorized,
  Forbidden,
  NotFound,
  Conflict,
  PreconditionFailed,
  PayloadTooLarge,
  UnsupportedMediaType,
  TooManyRequests,
  Unavailable,
  StorageFull,
  InternalError
)
