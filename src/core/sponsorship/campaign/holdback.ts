import type { z } from "zod";
import type { Deps } from "../../context.ts";
import type { CheckContext } from "../../personal-data/data-schema/index.ts";
import { checkSchema } from "../../personal-data/data-schema/index.ts";
import type { PhoneRegion } from "../../protocol/phone-regions.ts";
import type { FieldError } from "../../protocol/errors.ts";
import { AppError } from "../../protocol/errors.ts";
import type { Holdback } from "./schema.ts";
import { MOST_HOLDBACK_MINUTES } from "./schema.ts";

type Wish = z.infer<typeof Holdback>;

/** How answers are held back, as a campaign stores it. All null: they aren't. */
export interface HoldbackColumns {
  holdback: Wish["by"] | null;
  holdback_seconds: number | null;
  holdback_rule: Record<string, unknown> | null;
  holdback_url: string | null;
}

export const NO_HOLDBACK: HoldbackColumns = {
  holdback: null,
  holdback_seconds: null,
  holdback_rule: null,
  holdback_url: null,
};

const DEFAULT_MINUTES = { hand: MOST_HOLDBACK_MINUTES, webhook: 5 };

/**
 * Checks how a sponsor wants answers held back. A rule is a schema that is checked as a task's is.
 * @throws AppError `validation_error` for a field that is missing, doesn't belong there, or isn't allowed, and for a URL that is
 *   never called
 */
export async function checkHoldback(
  ctx: CheckContext & Pick<Deps, "upstream">,
  wish: Wish | null,
  regions: readonly PhoneRegion[],
): Promise<HoldbackColumns> {
  if (wish === null) return NO_HOLDBACK;
  const { by, limit_minutes, schema, url } = wish;
  const errors = [
    ...fieldErrors("schema", schema, by === "rule"),
    ...fieldErrors("url", url, by === "webhook"),
    ...(by === "rule" && limit_minutes !== undefined ? [unexpected("limit_minutes")] : []),
  ];
  const refusal = url === undefined ? undefined : ctx.upstream.refusalOf(url);
  if (refusal !== undefined)
    errors.push({ path: "/holdback/url", message: `can't be called: ${refusal}`, keyword: "format" });
  if (errors.length === 0 && schema !== undefined)
    for (const error of await checkSchema(ctx, schema, regions))
      errors.push({ ...error, path: `/holdback/schema${error.path}` });
  if (errors.length > 0) throw new AppError("validation_error", { fieldErrors: errors });
  return {
    holdback: by,
    holdback_seconds: by === "rule" ? null : 60 * (limit_minutes ?? DEFAULT_MINUTES[by]),
    holdback_rule: schema ?? null,
    holdback_url: url ?? null,
  };
}

function fieldErrors(field: string, value: unknown, isNeeded: boolean): FieldError[] {
  if (isNeeded && value === undefined)
    return [{ path: `/holdback/${field}`, message: "is required", keyword: "required" }];
  return !isNeeded && value !== undefined ? [unexpected(field)] : [];
}

const unexpected = (field: string): FieldError => ({
  path: `/holdback/${field}`,
  message: "doesn't belong to this kind of holdback",
  keyword: "additionalProperties",
});

/** How a campaign holds answers back, as its sponsor sees it. Null: it doesn't. */
export function viewHoldback(campaign: {
  holdback: string | null;
  holdbackSeconds: number | null;
  holdbackRule: unknown;
  holdbackUrl: string | null;
}): Wish | null {
  if (campaign.holdback === null) return null;
  const { holdbackSeconds: seconds, holdbackRule: rule, holdbackUrl: url } = campaign;
  return {
    by: campaign.holdback as Wish["by"],
    ...(seconds !== null && { limit_minutes: Math.ceil(seconds / 60) }),
    ...(rule !== null && { schema: rule as Record<string, unknown> }),
    ...(url !== null && { url }),
  };
}
