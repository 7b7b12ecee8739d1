import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";

const PROJECT = path.resolve(import.meta.dirname, "../..");

/** A bug: changes of the core's source, and SQL that drops the constraints which would stop it. */
export interface Mutant {
  changes: { file: string; from: string; to: string }[];
  tampering?: string[];
}

/** Known bugs of payment code, as changes of the present source. Each name completes "a core that ...". */
export const MUTANTS: Record<string, Mutant> = {
  "releases the reservation when the upstream refuses the payment": {
    changes: [
      {
        file: "money/payment/sign-and-send.ts",
        from: "  logSetAside(ctx.log, setAside);",
        to: `  logSetAside(ctx.log, setAside);
  if (!delivered) await endPayment(ctx.sql, id, { status: "void", reason: "refused" });`,
      },
      {
        file: "money/payment/end-payment-store.ts",
        from: `ending.status === "void" ? ["reserved"] : [...OPEN_AFTER_SIGNING]`,
        to: `["reserved", ...OPEN_AFTER_SIGNING]`,
      },
    ],
  },
  "signs again after a timeout": {
    changes: [
      {
        file: "runs/sponsored-run/pay-and-deliver.ts",
        from: `    // The request didn't reach the upstream.`,
        to: `  if (answer.kind === "timeout") {
    const { headers } = await ctx.networks.default.buyer.sign(offer, payment.id);
    answer = await ctx.upstream.request({ ...request, headers: { ...request.headers, ...headers } });
  }`,
      },
    ],
  },
  "reserves without a check of the budget": {
    changes: [
      {
        file: "money/reservation/judge.ts",
        from: "fits: hold.amount <= remaining + raise",
        to: "fits: true",
      },
    ],
    tampering: ["ALTER TABLE budget_accounts DROP CONSTRAINT budget_accounts_cap"],
  },
  "trusts the transaction that the upstream claims": {
    changes: [
      {
        file: "money/payment/sign-and-send.ts",
        from: "  logSetAside(ctx.log, setAside);",
        to: `  logSetAside(ctx.log, setAside);
  const txHash =
    answer.kind === "answer" && ctx.networks.get(network).buyer.readClaimedTransaction(answer);
  if (typeof txHash === "string")
    await endPayment(ctx.sql, id, { status: "settled", txHash, evidence: { block: "1" } });`,
      },
    ],
  },
  "lets payments expire by the database's clock": {
    changes: [
      {
        file: "money/payment/reconcile.ts",
        from: `  const decision = await askChain(ctx, subject, milliseconds);`,
        to: `  const [clock] = await ctx.db.$queryRaw<{ now: Date }[]>\`SELECT now()\`;
  const now = (clock?.now.getTime() ?? 0) / 1000;
  const decision: Decision =
    Number(authorization.validBefore) < now
      ? { kind: "expired", evidence: { block: "0" } }
      : await askChain(ctx, subject, milliseconds);`,
      },
    ],
  },
  "doesn't claim the nonce of an incoming payment": {
    changes: [
      {
        file: "money/incoming-payment/store.ts",
        from: "ON CONFLICT (network, asset, payer, nonce) DO NOTHING",
        to: "",
      },
    ],
    tampering: ["DROP INDEX incoming_payments_network_asset_payer_nonce_key"],
  },
};

/** Writes a copy of the core with the bug. @throws Error if the source no longer has the text that the bug changes */
export function plant({ changes }: Mutant): { root: string; remove: () => void } {
  const home = path.join(PROJECT, ".mutants");
  mkdirSync(home, { recursive: true });
  const root = mkdtempSync(path.join(home, "m"));
  cpSync(path.join(PROJECT, "src/core"), path.join(root, "core"), { recursive: true });
  symlinkSync(path.join(PROJECT, "src/platform"), path.join(root, "platform"));
  for (const { file, from, to } of changes) {
    const target = path.join(root, "core", file);
    const text = readFileSync(target, "utf8");
    if (text.split(from).length !== 2) throw new Error(`${file} doesn't hold once: ${from}`);
    writeFileSync(
      target,
      text.replace(from, () => to),
    );
  }
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}
