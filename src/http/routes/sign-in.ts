import type { Express, Request as ExpressRequest, Response as ExpressResponse } from "express";
import type { AddressLimits } from "../../api/procedure/address-limits.ts";
import { countSignIn } from "../../api/procedure/rate-limits.ts";
import type { Deps } from "../../core/context.ts";
import type { SignIn } from "../../core/ports/sign-in.ts";
import { AppError } from "../../core/protocol/errors.ts";
import { FairQueue } from "../../core/protocol/fair-queue.ts";
import type { ClientAddress } from "../request/client-address.ts";
import { readJsonBody } from "../request/json-body.ts";
import { sendJson } from "../request/send.ts";
import { targetOf } from "../request/request-target.ts";

/** The paths of links in mails. People open them from any page, such as that of their mail. */
const LINK = /^\/auth\/(magic-link\/verify$|verify-email$|reset-password\/)/;

/** What computes the hash of a password. */
const HASHES_PASSWORD = new Set(
  ["/sign-in/email", "/sign-up/email", "/reset-password", "/change-password"].map((path) => `/auth${path}`),
);

/**
 * A hash takes a tenth of a second in one of Node's four threads, and a sign-up holds one of the database's few connections
 * meanwhile. So few are computed at once, and each address has its turn.
 */
const HASHES = { atOnce: 2, atOnceOfCaller: 1, waitingOfCaller: 40, waitingOfKind: 400 };

/** Headers of a request that the sign-in reads. */
const READ_HEADERS = ["cookie", "origin", "referer", "user-agent", "sec-fetch-site", "sec-fetch-mode"];

interface SignInRoutes {
  deps: Deps;
  signIn: SignIn;
  addressLimits: AddressLimits;
  clientAddress: ClientAddress;
}

/** Serves `/auth`: people sign up, in and out. The cookie counts here, so pages of other origins are refused. */
export function mountSignIn(
  app: Express,
  { deps, signIn, addressLimits, clientAddress }: SignInRoutes,
): void {
  const { publicBaseUrl } = deps.settings;
  const hashes = new FairQueue("sign-ins", HASHES);
  app.all("/auth/{*rest}", async (req, res, next) => {
    const { path, query } = targetOf(req);
    if (req.method !== "GET" && req.method !== "POST") return next();
    res.setHeader("Vary", "Origin, Cookie");
    if (isForeign(req, path, signIn.origins)) return sendForeign(req, res);
    const hashesPassword = HASHES_PASSWORD.has(path) && req.method === "POST";
    const client = clientAddress(req);
    if (path !== "/auth/get-session")
      await countSignIn({ deps, addressLimits, clientAddress: client }, { hashesPassword });
    const request = new Request(`${publicBaseUrl}${path}${query === "" ? "" : `?${query}`}`, {
      method: req.method,
      headers: headersFor(req),
      ...(req.method === "POST" && { body: JSON.stringify((await readJsonBody(req)) ?? {}) }),
    });
    const answer = () => signIn.answer(request);
    const response = await (hashesPassword ? hashes.run(`address:${client}`, answer) : answer());
    if (response === undefined) return next();
    await sendResponse(req, res, response);
  });
}

/**
 * Whether a page of another origin made the request. Where a browser says so, that counts; clients that aren't browsers
 * don't, and hold no one's cookie. Links in mails may be opened from anywhere.
 */
function isForeign(req: ExpressRequest, path: string, origins: readonly string[]): boolean {
  const { origin, "sec-fetch-site": site } = req.headers;
  if (origin !== undefined && !origins.includes(origin)) return true;
  if (req.method === "GET" && LINK.test(path)) return false;
  return site !== undefined && site !== "same-origin" && site !== "none";
}

/** In the form of the sign-in's own errors. */
const sendForeign = (req: ExpressRequest, res: ExpressResponse): void =>
  sendJson(
    req,
    res,
    403,
    {},
    {
      code: "INVALID_ORIGIN",
      message: "Only pages of this server can sign people in.",
    },
  );

function headersFor(req: ExpressRequest): Headers {
  const headers = new Headers();
  for (const name of READ_HEADERS) {
    const value = req.headers[name];
    if (typeof value === "string") headers.set(name, value);
  }
  if (req.method === "POST") headers.set("content-type", "application/json");
  return headers;
}

async function sendResponse(req: ExpressRequest, res: ExpressResponse, response: Response): Promise<void> {
  if (response.status === 429) {
    const { message } = (await response.json()) as { message?: string };
    throw new AppError("rate_limited", {
      ...(message !== undefined && { message }),
      retryAfterSeconds: Number(response.headers.get("retry-after") ?? 60),
    });
  }
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) res.setHeader("Set-Cookie", cookies);
  for (const name of ["content-type", "location"]) {
    const value = response.headers.get(name);
    if (value !== null) res.setHeader(name, value);
  }
  res.setHeader("Cache-Control", "no-store");
  res.status(response.status).end(Buffer.from(await response.arrayBuffer()));
}
