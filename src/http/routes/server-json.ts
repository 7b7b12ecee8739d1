import { API_VERSION } from "../../api/operation/operation-meta.ts";

const SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json";

/** The entry of this installation for the MCP registry. Its name begins with the host, backwards, as who owns a domain proves it there. */
export function serverJson(publicBaseUrl: string): object {
  const { hostname } = new URL(publicBaseUrl);
  return {
    $schema: SCHEMA,
    name: `${hostname.split(".").toReversed().join(".")}/tollfree`,
    title: "Tollfree",
    description: "Paid APIs at a sponsor's expense, inside limits the user set.",
    version: API_VERSION,
    websiteUrl: publicBaseUrl,
    remotes: [{ type: "streamable-http", url: `${publicBaseUrl}/mcp` }],
  };
}
