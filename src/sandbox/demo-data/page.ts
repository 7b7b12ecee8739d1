import type { Express } from "express";
import { sendJson } from "../../http/request/send.ts";
import type { Sandbox } from "../index.ts";
import type { DemoData } from "./seed.ts";

/** What someone integrating against a sandbox needs. */
export interface SandboxPage {
  world: Sandbox;
  adminApiKey: string;
  demo: DemoData | undefined;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/;

/**
 * `GET /sandbox`: private keys of a play chain, so only for callers on this machine. A page in a browser can
 * neither spoof `Host` nor leave `Origin` out of a cross-site request.
 */
export function mountSandboxPage(app: Express, page: () => SandboxPage): void {
  app.get("/sandbox", (req, res, next) => {
    const isLocal = LOOPBACK.test(req.headers.host ?? "") && req.headers.origin === undefined;
    if (!isLocal) {
      next();
      return;
    }
    const { world, adminApiKey, demo } = page();
    sendJson(
      req,
      res,
      200,
      {},
      {
        network: world.network,
        chain_id: world.chainId,
        rpc_url: world.rpcUrl,
        asset: world.asset,
        facilitator_url: world.facilitatorUrl,
        treasury_address: world.treasury.address,
        admin_api_key: adminApiKey,
        accounts: world.accounts.map(({ address, privateKey }) => ({ address, private_key: privateKey })),
        ...(demo !== undefined && { demo }),
      },
    );
  });
}
