import type { Express } from "express";
import { z } from "zod";
import { countPayer } from "../../api/procedure/rate-limits.ts";
import type { Deps } from "../../core/context.ts";
import { invalidField } from "../../core/protocol/errors.ts";
import type { ClientAddress } from "../request/client-address.ts";
import { sendJson } from "../request/send.ts";
import { serveGet } from "../request/serve-get.ts";

export interface Page {
  offset: number;
  limit: number;
}

const WholeNumber = z
  .string()
  .regex(/^\d{1,6}$/)
  .transform(Number);
const MAX_LIMIT = 100;

/**
 * `/discovery/resources`: the services for sale, in the format of x402's bazaar, for its clients and
 * crawlers.
 */
export function mountResourceList(
  app: Express,
  deps: Deps,
  clientAddress: ClientAddress,
  listResources: (page: Page) => Promise<object>,
): void {
  serveGet(app, "/discovery/resources", async (req, res) => {
    const reply = { headers: {} };
    await countPayer({ deps, reply, clientAddress: clientAddress(req) });
    const page = { offset: readNumber(req.query, "offset", 0), limit: readNumber(req.query, "limit", 20) };
    if (page.limit < 1 || page.limit > MAX_LIMIT)
      throw invalidField("/limit", `must be from 1 to ${MAX_LIMIT}`, "maximum");
    sendJson(req, res, 200, reply.headers, await listResources(page));
  });
}

function readNumber(query: Record<string, unknown>, name: string, defaultValue: number): number {
  if (query[name] === undefined) return defaultValue;
  const parsed = WholeNumber.safeParse(query[name]);
  if (!parsed.success) throw invalidField(`/${name}`, "must be a whole number", "type");
  return parsed.data;
}
