import type { Express } from "express";
import type { AuthorizationServer } from "../../core/ports/authorization-server.ts";
import { sendJson } from "../request/send.ts";
import { serveGet } from "../request/serve-get.ts";

const METADATA = "/.well-known/oauth-protected-resource";

/** Serves what RFC 9728 has: which server signs people in for an address of ours. Hosts look first below the path, then without it. */
export function mountResourceMetadata(
  app: Express,
  { resources, scopes }: AuthorizationServer,
  publicBaseUrl: string,
): void {
  const serve = (path: string, resource: string): void =>
    serveGet(app, path, (req, res) =>
      sendJson(
        req,
        res,
        200,
        {},
        {
          resource,
          authorization_servers: [publicBaseUrl],
          scopes_supported: scopes,
          bearer_methods_supported: ["header"],
          resource_name: "Tollfree",
          resource_documentation: `${publicBaseUrl}/llms.txt`,
        },
      ),
    );
  serve(METADATA, resources.mcp);
  for (const [surface, resource] of Object.entries(resources)) serve(`${METADATA}/${surface}`, resource);
}

/**
 * The challenge of a 401, by which a host finds the way to sign its person in.
 * @param error why the token that came is no good. Undefined: none came
 */
export function challengeOf(
  { scopes }: AuthorizationServer,
  {
    publicBaseUrl,
    surface,
    error,
  }: { publicBaseUrl: string; surface: "mcp" | "gpt"; error?: "invalid_token" | undefined },
): string {
  const fields = {
    // Some hosts ask for what stands here, and for nothing else.
    ...(error !== undefined && { error }),
    scope: scopes.join(" "),
    resource_metadata: `${publicBaseUrl}${METADATA}/${surface}`,
  };
  const text = Object.entries(fields).map(([name, value]) => `${name}="${value}"`);
  return `Bearer ${text.join(", ")}`;
}
