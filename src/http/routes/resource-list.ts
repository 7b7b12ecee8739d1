import type { Express, Request } from "express";
import type { AddressLimits } from "../../api/procedure/address-limits.ts";
import { countPayer } from "../../api/procedure/rate-limits.ts";
import { rejectUnsafeInput } from "../../api/procedure/reject-unsafe-input.ts";
import type { Deps } from "../../core/context.ts";
import type { ClientAddress } from "../request/client-address.ts";
import { sendJson } from "../request/send.ts";
import { serveGet } from "../request/serve-get.ts";

export interface ResourceQuery {
  type?: string | undefined;
  text?: string | undefined;
  offset: number;
  limit: number;
}

/** One page of the services that callers can pay for directly. */
export interface ResourcePage {
  items: { resource: string }[];
  /** How many there are on all pages. */
  total: number;
}

type ListPage = (query: ResourceQuery) => Promise<ResourcePage>;
/** @param clientAddress whose turn a search takes */
export type ListResources = (query: ResourceQuery, clientAddress: string) => Promise<ResourcePage>;
/** The addresses of at most so many services. */
export type ListResourceUrls = (limit: number) => Promise<string[]>;

/** What counts the requests. */
interface Lister {
  deps: Deps;
  addressLimits: AddressLimits;
  clientAddress: ClientAddress;
}

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;
const MAX_OFFSET = 1_000_000;
/** Longer searches are cut. */
const MAX_TEXT = 200;

/** How many services `/.well-known/x402` names. It has no pages. */
const MAX_URLS = 1_000;

/**
 * The services for sale, for clients and crawlers of x402: `/discovery/resources` and `/discovery/search` in the format
 * of x402's bazaar, and `/.well-known/x402`, a plain list of addresses, for x402scan. What crawlers send that makes no
 * sense is left out or clamped, and not refused: nobody reads their errors.
 */
export function mountResourceList(
  app: Express,
  { deps, addressLimits, clientAddress }: Lister,
  { listResources, listResourceUrls }: { listResources: ListResources; listResourceUrls: ListResourceUrls },
): void {
  const serve = (path: string, answer: (req: Request, listPage: ListPage) => Promise<object>): void =>
    serveGet(app, path, async (req, res) => {
      const reply = { headers: {} };
      const client = clientAddress(req);
      await countPayer({ deps, addressLimits, reply, clientAddress: client });
      rejectUnsafeInput(req.query);
      sendJson(req, res, 200, reply.headers, await answer(req, (query) => listResources(query, client)));
    });

  serve("/discovery/resources", async ({ query }, listPage) => {
    const { offset, limit, ...filters } = readQuery(query, "q");
    const { items, total } = await listPage({ offset, limit, ...filters });
    return { x402Version: 2, items, pagination: { limit, offset, total } };
  });
  serve("/discovery/search", async ({ query }, listPage) => {
    const { limit, ...filters } = readQuery(query, "query");
    const { items, total } = await listPage({ ...filters, limit, offset: 0 });
    const pagination = { limit, cursor: null };
    return { x402Version: 2, resources: items, partialResults: total > items.length, pagination };
  });
  serve("/.well-known/x402", async () => {
    const resources = await listResourceUrls(MAX_URLS);
    return {
      version: 1,
      resources,
      instructions: `Send POST with {"input": {…}} to a resource. Its 402 says what it costs and which input it takes. ${deps.settings.publicBaseUrl}/discovery/resources has all of them, with their terms.`,
    };
  });
}

/** @param textName the name under which the search text is sent */
function readQuery(query: Request["query"], textName: string): ResourceQuery {
  return {
    type: readText(query["type"]),
    text: readText(query[textName])?.slice(0, MAX_TEXT),
    offset: readNumber(query["offset"], { min: 0, max: MAX_OFFSET, absent: 0 }),
    limit: readNumber(query["limit"], { min: 1, max: MAX_LIMIT, absent: DEFAULT_LIMIT }),
  };
}

/** Of a field that is sent several times, the first one counts. */
function readText(value: unknown): string | undefined {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === "string" && first.trim() !== "" ? first.trim() : undefined;
}

function readNumber(
  value: unknown,
  { min, max, absent }: { min: number; max: number; absent: number },
): number {
  const number = Math.trunc(Number(readText(value) ?? absent));
  return Number.isNaN(number) ? absent : Math.min(Math.max(number, min), max);
}
