import { timingSafeEqual } from "node:crypto";
import type * as Library from "oidc-provider";
import type { Client, Configuration, KoaContextWithOIDC, Provider } from "oidc-provider";
import type { OAuthRecords } from "../../core/ports/authorization-server.ts";
import { consentPath, OAUTH_PATHS, OAUTH_SCOPE } from "../../core/ports/authorization-server.ts";
import type { Log } from "../../core/ports/log.ts";
import { createAdapter } from "./adapter.ts";
import { withLibrary } from "./load-library.ts";
import { cookieKey, signingKey } from "./signing-key.ts";

const ACCESS_TOKEN_SECONDS = 3600;
const REFRESH_TOKEN_SECONDS = 30 * 24 * 3600;
const CODE_SECONDS = 60;
/** As long as the question that the person answers meanwhile is open. */
const REQUEST_SECONDS = 600;
const GRANT_SECONDS = 366 * 24 * 3600;
/** A client's metadata is fetched anew at most, and at least, so often. */
const METADATA_SECONDS = { min: 60, max: 3600 };

/** Fetches a document at an address that anybody chose. Throws if it can't be had. */
export type FetchDocument = (
  url: string,
) => Promise<{ status: number; headers: Record<string, string>; body: string }>;

export interface ProviderOptions {
  publicBaseUrl: string;
  /** The keys of cookies are derived from it. */
  secret: Uint8Array;
  /** The address of each surface, which its tokens name. */
  resources: Readonly<Record<"mcp" | "gpt", string>>;
  records: OAuthRecords;
  fetchDocument: FetchDocument;
  mintToken: (kind: "oauth_access" | "oauth_refresh") => string;
  hashSecret: (secret: string) => string;
  log: Log;
}

/** Loads the library and configures it. */
export const loadProvider = (options: ProviderOptions): Promise<Provider> =>
  withLibrary(options.log, (library) => {
    const provider = new library.Provider(options.publicBaseUrl, configurationOf(options, library));
    // The address comes from `nameOurOrigin`.
    provider.proxy = true;
    nameTokens(provider, options);
    compareHashes(provider, options);
    provider.on("server_error", (_ctx, error) =>
      options.log.error({ event: "oauth_failed", err: error }, "the authorization server failed"),
    );
    provider.on("registration_create.success", (_ctx, { clientId }) =>
      options.log.info(
        { event: "oauth_client_registered", client_id: clientId },
        "an OAuth client registered",
      ),
    );
    return provider;
  });

function configurationOf(
  { publicBaseUrl, secret, resources, records, fetchDocument, hashSecret }: ProviderOptions,
  { errors }: typeof Library,
): Configuration {
  const isConfidential = ({ clientAuthMethod }: Client): boolean => clientAuthMethod !== "none";
  return {
    adapter: createAdapter({
      ...{ records, hashSecret },
      usedAlready: () => new errors.InvalidGrant("it was used already"),
      tooLarge: () => new errors.InvalidClientMetadata("it is too large"),
    }),
    jwks: { keys: [signingKey(secret)] },
    cookies: {
      keys: [cookieKey(secret)],
      names: {
        session: "tollfree.oauth",
        interaction: "tollfree.oauth_request",
        resume: "tollfree.oauth_resume",
      },
    },
    scopes: ["offline_access", OAUTH_SCOPE],
    claims: {},
    responseTypes: ["code"],
    clientAuthMethods: ["none", "client_secret_post", "client_secret_basic"],
    clientDefaults: {
      // With it, apps may name a loopback address or a scheme of their own; addresses of the web have to be https.
      application_type: "native",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      id_token_signed_response_alg: "ES256",
    },
    // Any page may ask for tokens: it has to have the code and its verifier, and no cookie counts.
    clientBasedCORS: () => true,
    routes: OAUTH_PATHS,
    ttl: {
      AccessToken: ACCESS_TOKEN_SECONDS,
      RefreshToken: REFRESH_TOKEN_SECONDS,
      AuthorizationCode: CODE_SECONDS,
      Interaction: REQUEST_SECONDS,
      Session: REQUEST_SECONDS,
      Grant: GRANT_SECONDS,
      IdToken: CODE_SECONDS,
    },
    // A GPT keeps its client's secret, and can't do it.
    pkce: { required: (_ctx, client) => !isConfidential(client) },
    rotateRefreshToken: true,
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed("refresh_token"),
    expiresWithSession: () => false,
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      introspection: { enabled: false },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => client.clientId === token.clientId,
      },
      registration: { enabled: true, issueRegistrationAccessToken: false },
      clientIdMetadataDocument: { enabled: true, ack: "draft-02", cacheDuration: METADATA_SECONDS },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_ctx, client) => (isConfidential(client) ? resources.gpt : resources.mcp),
        useGrantedResource: () => true,
        getResourceServerInfo(_ctx, asked) {
          if (!Object.values(resources).includes(asked)) throw new errors.InvalidTarget();
          return {
            scope: OAUTH_SCOPE,
            audience: asked,
            accessTokenTTL: ACCESS_TOKEN_SECONDS,
            accessTokenFormat: "opaque",
          };
        },
      },
    },
    fetch: async (url) => {
      const { status, headers, body } = await fetchDocument(url as string);
      return new Response(body, { status, headers });
    },
    findAccount: (_ctx, subject) => ({ accountId: subject, claims: () => ({ sub: subject }) }),
    loadExistingGrant: findGrantOf,
    interactions: { url: (_ctx, { uid }) => consentPath(uid) },
    renderError(ctx, { error }) {
      ctx.type = "html";
      ctx.body = errorPage(error, publicBaseUrl);
    },
  };
}

/** The grant that the person just gave. An earlier one never answers a request without them. */
async function findGrantOf(ctx: KoaContextWithOIDC) {
  const { provider, result } = ctx.oidc;
  const grantId = result?.consent?.grantId;
  return grantId === undefined ? undefined : provider.Grant.find(grantId);
}

/** Gives tokens the prefix and the checksum that all our credentials have. */
function nameTokens(provider: Provider, { mintToken }: ProviderOptions): void {
  const kinds = [
    [provider.AccessToken, "oauth_access"],
    [provider.RefreshToken, "oauth_refresh"],
  ] as const;
  for (const [model, kind] of kinds) {
    const token = model.prototype as unknown as { generateTokenId: (this: object) => string };
    const { generateTokenId } = token;
    token.generateTokenId = function nameToken() {
      // It also notes the token's format.
      generateTokenId.call(this);
      return mintToken(kind);
    };
  }
}

/** The database has only the hashes of clients' secrets. */
function compareHashes(provider: Provider, { hashSecret }: ProviderOptions): void {
  const client = provider.Client.prototype as {
    clientSecret?: string;
    compareClientSecret: (this: { clientSecret?: string }, given: string) => boolean;
  };
  client.compareClientSecret = function compareHash(given) {
    const [stored, hash] = [Buffer.from(this.clientSecret ?? ""), Buffer.from(hashSecret(given))];
    return stored.length === hash.length && timingSafeEqual(stored, hash);
  };
}

/** What a person sees whose request can't be sent back to the client. It says nothing that the client wrote. */
const errorPage = (error: string, publicBaseUrl: string): string => `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<title>This sign-in can't go on</title>
<h1>This sign-in can't go on</h1>
<p>The app sent you here with a request that isn't right (${error.replace(/[^a-z_]/g, "")}). Nothing was shared. Go back to the app, and start again there.</p>
<p><a href="${publicBaseUrl}/">To your agents</a></p>
</html>`;
