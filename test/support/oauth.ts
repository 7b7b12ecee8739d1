import type { OAuthClientProvider } from "@modelcontextprotocol/client";
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from "@modelcontextprotocol/client";
import { UnauthorizedError as OldUnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as OldTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { SignedIn } from "./console-client.ts";
import type { Host } from "./mcp.ts";
import { hostOf } from "./mcp.ts";

/** The whole way of a host through OAuth: the official clients, and a person's browser. */

/** Where a host listens for the answer, on its person's device. Nothing has to listen there in tests. */
export const REDIRECT_URI = "http://127.0.0.1:7777/callback";

/** What a person decides on the page of the question. */
export type Decide = (question: Question) => Decision | Promise<Decision>;
type Approvals = SignedIn["user"]["approvals"];
type Page = Awaited<ReturnType<Approvals["get"]["query"]>>["data"];
export type Question = Extract<Page, { state: "open" }>["question"];
export type Decision = Omit<Parameters<Approvals["decide"]["mutate"]>[0], "approval_id">;

/** Allows these data types, a survey, all kinds of services, and the budget that was asked for. */
export const allow =
  ({
    dataTypes = [],
    cents,
    days = 7,
  }: { dataTypes?: string[]; cents?: number; days?: number } = {}): Decide =>
  ({ asks }) => ({
    decision: "approve",
    scopes: {
      allowed_task_types: asks.task_types.map(({ name }) => name),
      allowed_data_types: dataTypes as never,
      allowed_categories: asks.categories.map(({ name }) => name),
    },
    budget_limit_cents: cents ?? asks.budget_limit_cents ?? 0,
    expires_at: new Date(Date.now() + days * 86_400_000).toISOString(),
  });

export const deny: Decide = () => ({ decision: "deny" });

/**
 * Follows an authorization request as a browser does, and lets the person decide on the page that it leads to.
 * @returns where the host gets the answer
 * @throws Error with the last page, if it ends somewhere else
 */
export async function authorize(start: URL, person: SignedIn, decide: Decide): Promise<URL> {
  let at = start;
  for (let hops = 0; hops < 10; hops += 1) {
    const page = await person.browser.open(at.pathname + at.search);
    if (page.location === undefined)
      throw new Error(`stuck at ${at.pathname}: ${page.status} ${page.text.slice(0, 300)}`);
    at = new URL(page.location, at);
    if (at.origin !== start.origin) return at;
    const approvalId = /^\/approvals\/(.+)$/.exec(at.pathname)?.[1];
    if (approvalId !== undefined) at = new URL(await decideOn(approvalId, person, decide), at);
  }
  throw new Error(`too many redirects, the last to ${at.href}`);
}

/** Decides on the page of a question. Returns the path that the page goes on to. */
async function decideOn(approvalId: string, { user }: SignedIn, decide: Decide): Promise<string> {
  const { data: open } = await user.approvals.get.query({ approval_id: approvalId });
  if (open.state !== "open") throw new Error(`the question is ${open.state}`);
  const { data: page } = await user.approvals.decide.mutate({
    approval_id: approvalId,
    ...(await decide(open.question)),
  });
  if (page.state !== "decided" || page.continue_at === null)
    throw new Error(`it doesn't go on: ${page.state}`);
  return page.continue_at;
}

/** A person who answers with their browser. */
export const answeredBy =
  (person: SignedIn, decide: Decide = allow()) =>
  (url: URL): Promise<URL> =>
    authorize(url, person, decide);

/** What a host keeps between its requests. */
export interface Kept {
  client?: { client_id: string } | undefined;
  tokens?:
    { access_token: string; refresh_token?: string | undefined; scope?: string | undefined } | undefined;
  verifier?: string;
  discovery?: unknown;
  /** Where the browser ended. */
  callback?: URL;
}

export interface HostAuth {
  kept: Kept;
  provider: OAuthClientProvider;
}

export interface SignInOptions {
  /** Brings the request to the person, and returns where the browser ended. */
  ask: (url: URL) => Promise<URL>;
  redirectUri?: string;
  /** Where the host serves its metadata. Undefined: it registers itself. */
  metadataUrl?: string;
  name?: string;
}

/** A host's side of OAuth, as its developers write it for the official clients. */
export function hostAuth({
  ask,
  redirectUri = REDIRECT_URI,
  metadataUrl,
  name = "Test host",
}: SignInOptions): HostAuth {
  const kept: Kept = {};
  const provider = {
    redirectUrl: redirectUri,
    ...(metadataUrl !== undefined && { clientMetadataUrl: metadataUrl }),
    clientMetadata: {
      client_name: name,
      redirect_uris: [redirectUri],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    },
    clientInformation: () => kept.client,
    saveClientInformation: (client: Kept["client"]) => void (kept.client = client),
    tokens: () => kept.tokens,
    saveTokens: (tokens: Kept["tokens"]) => void (kept.tokens = tokens),
    codeVerifier: () => kept.verifier ?? "",
    saveCodeVerifier: (verifier: string) => void (kept.verifier = verifier),
    state: () => "state-of-the-host",
    saveDiscoveryState: (state: unknown) => void (kept.discovery = state),
    discoveryState: () => kept.discovery,
    async redirectToAuthorization(url: URL) {
      kept.callback = await ask(url);
    },
  } as unknown as OAuthClientProvider;
  return { kept, provider };
}

const INFO = { name: "test host", version: "1" };

interface Transport {
  finishAuth(answer: never): Promise<void>;
}
type Connection = {
  client: Parameters<typeof hostOf>[0] & { connect(to: never): Promise<void> };
  transport: Transport;
};

const modern = (url: string, { provider }: HostAuth, pin: boolean): Connection => ({
  client: new Client(INFO, pin ? { versionNegotiation: { mode: { pin: "2026-07-28" } } } : {}),
  transport: new StreamableHTTPClientTransport(new URL("/mcp", url), { authProvider: provider }),
});

const old = (url: string, { provider }: HostAuth): Connection => ({
  client: new OldClient(INFO),
  transport: new OldTransport(new URL("/mcp", url), { authProvider: provider }),
});

/** Connects without any credential. The 401 leads through metadata, registration and the person's browser to a token. */
async function signIn(auth: HostAuth, connect: () => Connection): Promise<Host> {
  const first = connect();
  try {
    await first.client.connect(first.transport as never);
    return hostOf(first.client);
  } catch (error) {
    if (!(error instanceof UnauthorizedError || error instanceof OldUnauthorizedError)) throw error;
  }
  const { callback } = auth.kept;
  if (callback === undefined) throw new Error("the host never asked its person");
  const answer =
    first.transport instanceof OldTransport ? callback.searchParams.get("code") : callback.searchParams;
  await first.transport.finishAuth(answer as never);
  const second = connect();
  await second.client.connect(second.transport as never);
  return hostOf(second.client);
}

/** Signs in to `/mcp`. */
export const OAUTH_HOSTS: [string, (url: string, auth: HostAuth) => Promise<Host>][] = [
  ["2.x, 2026-07-28", (url, auth) => signIn(auth, () => modern(url, auth, true))],
  ["2.x, 2025-11-25", (url, auth) => signIn(auth, () => modern(url, auth, false))],
  ["1.x", (url, auth) => signIn(auth, () => old(url, auth))],
];
