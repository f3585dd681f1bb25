import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import { signedUrl } from "../../src/dapr/S3Signature.ts"

describe("an address signed for S3", () => {
  it("is the one of Amazon's documentation", () => {
    const address = signedUrl(
      {
        accessKey: "AKIAIOSFODNN7EXAMPLE",
        secretKey: Redacted.make("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        sessionToken: undefined
      },
      {
        method: "GET",
        url: new URL("https://examplebucket.s3.amazonaws.com/test.txt"),
        region: "us-east-1",
        expiresSeconds: 86_400,
        now: Date.UTC(2013, 4, 24)
      }
    )
    assert.include(
      address,
      "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&"
    )
    assert.include(
      address,
      "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
    )
    assert.isTrue(
      address.endsWith("X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
    )
  })
})
