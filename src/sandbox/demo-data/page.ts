import type { Express } from "express";
import { Router } from "express";
import { createIsLocal, localOnly } from "../../http/request/local-request.ts";
import { sendJson } from "../../http/request/send.ts";
import type { Sandbox } from "../index.ts";
import type { KeptMail } from "../people/mailbox.ts";
import { showMails } from "../people/mail-page.ts";
import type { DemoData } from "./seed.ts";

/** What a developer needs who integrates against the sandbox. */
export interface SandboxPage {
  sandbox: Sandbox;
  adminApiKey: string;
  demo: DemoData | undefined;
}

/**
 * Adds the routes under `/sandbox`. They tell keys, so they exist for callers on this machine only: whatever is added to
 * this router is behind the same check.
 * @param peers addresses and CIDR ranges that count as this machine too
 * @param mails what was mailed, the newest first
 */
export function mountSandboxPage(
  app: Express,
  peers: readonly string[],
  page: () => SandboxPage,
  mails: () => readonly KeptMail[] = () => [],
): void {
  const router = Router();
  router.use(localOnly(createIsLocal(peers)));
  router.get("/", (req, res) => {
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
        upstreams: sandbox.upstreams.map(({ service_key, upstream_url, upstream_method }) => ({
          service_key,
          upstream_url,
          upstream_method,
        })),
        ...(demo !== undefined && { demo }),
      },
    );
  });
  router.get("/mail", showMails(mails));
  app.use("/sandbox", router);
}
