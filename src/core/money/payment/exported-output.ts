import type { Deps } from "../../context.ts";
import type { DecodeContext } from "./decode-output.ts";
import { decodeOutput } from "./decode-output.ts";
import type { exportPayments } from "./export-store.ts";
import { decryptOutput } from "./output.ts";

type ExportedPayment = Awaited<ReturnType<typeof exportPayments.all>>[number];

/** A payment as its user's export has it: with what the upstream answered, as far as it is still kept. */
export async function readExportedOutput(
  ctx: DecodeContext & Pick<Deps, "cipher">,
  payment: ExportedPayment,
): Promise<Record<string, unknown>> {
  const {
    micros: _,
    output,
    output_content_type,
    output_truncated,
    output_encoding,
    transitions,
    ...row
  } = payment;
  const kept =
    output === null
      ? { output: null }
      : await decodeOutput(ctx, {
          body: decryptOutput(ctx.cipher, payment.id, output),
          contentType: output_content_type ?? "",
          truncated: output_truncated,
          encoding: output_encoding ?? undefined,
        });
  return {
    ...row,
    transitions: transitions.map(({ to, micros: at }) => ({ to, at: new Date(at / 1000) })),
    ...kept,
  };
}
