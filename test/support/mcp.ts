import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as OldTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";

/** The official clients against `/mcp`. */

/** What a tool answered: the parts that all clients have. */
export interface ToolAnswer {
  isError: boolean;
  content: { type: string; text?: string; uri?: string }[];
  structured: Record<string, unknown> | undefined;
}

/** A question that the host was asked to show to its person. */
export interface Question {
  message: string;
  url: string;
}

export interface Host {
  listTools(): Promise<
    {
      name: string;
      inputSchema: object;
      outputSchema?: object | undefined;
      annotations?: object | undefined;
    }[]
  >;
  /** @throws what the client throws */
  call(name: string, args?: Record<string, unknown>): Promise<ToolAnswer>;
  close(): Promise<void>;
}

export interface HostOptions {
  url: () => string;
  token: string | undefined;
  /** Opens links for its person. Undefined: it says that it can't. */
  onQuestion?: ((question: Question) => Promise<void>) | undefined;
}

const INFO = { name: "test host", version: "1" };

/** Each request goes to the address that `url` names then, as behind a balancer. */
const fetchFrom =
  (url: () => string): typeof fetch =>
  (input, init) => {
    const given = new URL(input instanceof Request ? input.url : input);
    return fetch(new URL(given.pathname + given.search, url()), init);
  };

const optionsOf = ({ url, token }: HostOptions) => ({
  fetch: fetchFrom(url),
  requestInit: { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } },
});

interface AnyClient {
  listTools(): Promise<{ tools: unknown[] }>;
  callTool(call: { name: string; arguments: Record<string, unknown> }): Promise<unknown>;
  close(): Promise<void>;
}

export const hostOf = (client: AnyClient): Host => ({
  listTools: async () => (await client.listTools()).tools as never,
  async call(name, args = {}) {
    const answer = (await client.callTool({ name, arguments: args })) as {
      isError?: boolean;
      content: ToolAnswer["content"];
      structuredContent?: Record<string, unknown>;
    };
    const { isError = false, content, structuredContent } = answer;
    return { isError, content, structured: structuredContent };
  },
  close: () => client.close(),
});

const capabilities = (options: HostOptions) =>
  options.onQuestion === undefined ? {} : { capabilities: { elicitation: { url: {} } } };

/** A host of the 2.x line. @param era which revision it speaks */
export const connectNew =
  (era: "2026-07-28" | "2025-11-25") =>
  async (options: HostOptions): Promise<Host> => {
    const client = new Client(INFO, {
      ...capabilities(options),
      ...(era === "2026-07-28" && { versionNegotiation: { mode: { pin: era } } }),
    });
    if (options.onQuestion !== undefined)
      client.setRequestHandler("elicitation/create", async ({ params }) => {
        await options.onQuestion?.(params as never);
        return { action: "accept" };
      });
    await client.connect(
      new StreamableHTTPClientTransport(new URL("/mcp", options.url()), optionsOf(options)),
    );
    return hostOf(client);
  };

/** A host of the 1.x line. */
export async function connectOld(options: HostOptions): Promise<Host> {
  const client = new OldClient(INFO, capabilities(options));
  if (options.onQuestion !== undefined)
    client.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
      await options.onQuestion?.(params as never);
      return { action: "accept" };
    });
  const transport = new OldTransport(new URL("/mcp", options.url()), optionsOf(options));
  await client.connect(transport);
  return hostOf(client);
}

/** Every client and revision, by name. */
export const HOSTS: [string, (options: HostOptions) => Promise<Host>][] = [
  ["2.x, 2026-07-28", connectNew("2026-07-28")],
  ["2.x, 2025-11-25", connectNew("2025-11-25")],
  ["1.x", connectOld],
];
