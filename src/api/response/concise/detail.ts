import type { IncomingHttpHeaders } from "node:http";
import { z } from "zod";
import { invalidField } from "../../../core/protocol/errors.ts";

/** How much an answer says. Models pay for what they read. */
export const Detail = z.enum(["concise", "full"]);
export type Detail = z.infer<typeof Detail>;

/** Reads how much a tool's call wants. @throws AppError `validation_error` */
export function readDetail(given: unknown): Detail {
  const { success, data } = Detail.default("concise").safeParse(given);
  if (!success) throw invalidField("/detail", `must be ${Detail.options.join(" or ")}`, "enum");
  return data;
}

/** How much a request over REST or tRPC wants, by the header `X-Tollfree-Detail`. */
export const askedDetail = (headers: IncomingHttpHeaders): Detail =>
  /^concise$/i.test(String(headers["x-tollfree-detail"] ?? "").trim()) ? "concise" : "full";
