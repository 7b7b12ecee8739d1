import type { IncomingMessage, ServerResponse } from "node:http";
import type { Provider } from "oidc-provider";
import type { AuthorizationServer } from "../../core/ports/authorization-server.ts";
import { OAUTH_SCOPE } from "../../core/ports/authorization-server.ts";
import { loadProvider, type ProviderOptions } from "./provider.ts";

/**
 * Builds the authorization server over the library. It loads when it is first needed: most servers are started more often than
 * hosts sign in.
 */
export function createAuthorizationServer(options: ProviderOptions): AuthorizationServer {
  const { publicBaseUrl, resources } = options;
  let loading: Promise<Provider> | undefined;
  const load = (): Promise<Provider> => {
    loading ??= loadProvider(options);
    loading.catch(() => (loading = undefined));
    return loading;
  };
  const withRequest = async <Result>(
    req: IncomingMessage,
    use: (provider: Provider) => Promise<Result>,
  ): Promise<Result> => {
    const provider = await load();
    nameOurOrigin(req, publicBaseUrl);
    return use(provider);
  };

  return {
    resources,
    scopes: [OAUTH_SCOPE, "offline_access"],
    answer: (req: IncomingMessage, res: ServerResponse) =>
      withRequest(req, (provider) => provider.callback()(req, res)),
    findRequest: (req, res) =>
      withRequest(req, async (provider) => {
        const details = await provider.interactionDetails(req, res).catch(unlessOver);
        if (details === undefined) return undefined;
        const { uid, params } = details;
        const client = await provider.Client.find(String(params["client_id"]));
        if (client === undefined) return undefined;
        const isProven = "clientIdMetadataDocument" in client && client.clientIdMetadataDocument === true;
        return {
          id: uid,
          client: {
            id: client.clientId,
            name: client.clientName,
            provenHost: isProven ? new URL(client.clientId).host : undefined,
          },
          redirectUri: String(params["redirect_uri"]),
        };
      }),
    finish: (req, res, granted) =>
      withRequest(req, async (provider) => {
        if (granted === null) {
          const refusal = { error: "access_denied", error_description: "The user said no." };
          await provider.interactionFinished(req, res, refusal, { mergeWithLastSubmission: false });
          return;
        }
        const { params } = await provider.interactionDetails(req, res);
        const { grantId, subject } = granted;
        const grant = new provider.Grant({ accountId: subject, clientId: String(params["client_id"]) });
        // The grant's id is the library's, too, so that every code and token names the grant that it is worth as much as.
        grant.jti = grantId;
        for (const resource of Object.values(resources)) grant.addResourceScope(resource, OAUTH_SCOPE);
        // What isn't decided here is asked for again, for ever.
        const asked = typeof params["scope"] === "string" ? params["scope"] : "";
        grant.addOIDCScope(`${OAUTH_SCOPE} offline_access ${asked}`.trim());
        await grant.save();
        const answer = { login: { accountId: subject, remember: false }, consent: { grantId } };
        await provider.interactionFinished(req, res, answer, { mergeWithLastSubmission: true });
      }),
  };
}

/** The library makes URLs of what the request says of itself. Whatever it says, they are ours. */
function nameOurOrigin({ headers }: IncomingMessage, publicBaseUrl: string): void {
  const { host, protocol } = new URL(publicBaseUrl);
  headers.host = host;
  headers["x-forwarded-proto"] = protocol.slice(0, -1);
  delete headers["x-forwarded-host"];
}

/** @returns undefined where no request waits in this browser, or its time is over */
function unlessOver(error: unknown): undefined {
  if (error instanceof Error && error.name === "SessionNotFound") return undefined;
  throw error;
}
