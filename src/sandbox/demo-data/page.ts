import type { Express } from "express";
import { sendJson } from "../../http/request/send.ts";
import type { Sandbox } from "../index.ts";
import type { DemoData } from "./seed.ts";

/** What a developer needs who integrates against the sandbox. */
export interface SandboxPage {
  sandbox: Sandbox;
  adminApiKey: string;
  demo: DemoData | undefined;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/;

/**
 * Adds `GET /sandbox`. Its answer holds private keys of the test chain, so it is served only to callers on this
 * machine. Checking `Host` and `Origin` also keeps out web pages of other sites: a page can't set `Host`, and a
 * cross-site request whose answer the page could read carries `Origin`.
 */
export function mountSandboxPage(app: Express, page: () => SandboxPage): void {
  app.get("/sandbox", (req, res, next) => {
    const isLocal = LOOPBACK.test(req.headers.host ?? "") && req.headers.origin === undefined;
    if (!isLocal) {
      next();
      return;
    }
    const { sandbox, adminApiKey, demo } = page();
    sendJson(
      req,
      res,
      200,
      {},
      {
        network: sandbox.network,
        chain_id: sandbox.chainId,
        rpc_url: sandbox.rpcUrl,
        asset: sandbox.asset,
        facilitator_url: sandbox.facilitatorUrl,
        treasury_address: sandbox.treasury.address,
        admin_api_key: adminApiKey,
        accounts: sandbox.accounts.map(({ address, privateKey }) => ({ address, private_key: privateKey })),
        ...(demo !== undefined && { demo }),
      },
    );
  });
}
