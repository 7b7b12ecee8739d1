import type { IncomingHttpHeaders } from "node:http";
import type { Surface } from "../operation/operation-meta.ts";
import type { Reader } from "./context.ts";

/** Whether callers read texts of sponsors and sellers, if neither they nor the user has said so. Others read their own. */
const READS_BY_DEFAULT: Partial<Record<Surface, boolean>> = {
  agent: true,
  proxy: true,
  gpt: false,
  mcp: false,
};

/** Whether a request asks for quiet, by the header `X-Tollfree-Quiet`. */
export const asksForQuiet = (headers: IncomingHttpHeaders): boolean =>
  /^(1|true)$/i.test(String(headers["x-tollfree-quiet"] ?? "").trim());

/** Whether an answer must have no text of sponsors and sellers. A call can ask for less than the user allows, never for more. */
export function isQuiet(surface: Surface, { asksForQuiet: asks, readsSponsorTexts }: Reader): boolean {
  const reads = READS_BY_DEFAULT[surface];
  return reads !== undefined && (asks || !(readsSponsorTexts ?? reads));
}
