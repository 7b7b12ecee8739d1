import { hashSecret, mintToken } from "../core/access/credential/index.ts";
import { createOAuthRecords } from "../core/access/oauth-record/index.ts";
import type { Deps } from "../core/context.ts";
import type { AuthorizationServer } from "../core/ports/authorization-server.ts";
import type { UpstreamClient } from "../core/ports/upstream.ts";
import { createAuthorizationServer } from "../platform/oauth/create-authorization-server.ts";
import type { FetchDocument } from "../platform/oauth/provider.ts";
import type { SignInParts } from "./build-sign-in.ts";

/** A client's metadata is a few hundred bytes. */
const MOST_METADATA_BYTES = 5_000;
const METADATA_TIMEOUT_MS = 3_000;

/** Builds the authorization server. Its keys are derived from the digest key, as those of the sign-in. */
export function buildAuthorizationServer(
  { sql, log, upstream, settings }: Deps,
  { digestKey, encryptionKeys }: SignInParts,
): AuthorizationServer {
  const { publicBaseUrl } = settings;
  return createAuthorizationServer({
    ...{ publicBaseUrl, log },
    secret: digestKey ?? encryptionKeys[0],
    resources: { mcp: `${publicBaseUrl}/mcp`, gpt: `${publicBaseUrl}/gpt` },
    records: createOAuthRecords(sql),
    fetchDocument: fetchMetadata(upstream),
    mintToken: (kind) => mintToken(kind).token,
    hashSecret: (secret) => Buffer.from(hashSecret(secret)).toString("hex"),
  });
}

/** Anybody chooses the address, so it is fetched under the same guard as sellers are. */
const fetchMetadata =
  (upstream: UpstreamClient): FetchDocument =>
  async (url) => {
    const answer = await upstream.request({
      ...{ url, method: "GET", headers: { accept: "application/json" }, timeoutMs: METADATA_TIMEOUT_MS },
      confidential: [],
    });
    if (answer.kind !== "answer") throw new Error(`the client's metadata can't be fetched: ${answer.kind}`);
    const { status, headers, body, truncated } = answer;
    if (truncated || body.length > MOST_METADATA_BYTES) throw new Error("the client's metadata is too large");
    return { status, headers, body: body.toString("utf8") };
  };
