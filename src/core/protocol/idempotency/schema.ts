import { z } from "zod";

const VISIBLE_ASCII = z.string().regex(/^[\x21-\x7e]{1,255}$/);

export const IdempotencyKey = VISIBLE_ASCII.meta({
  description: "Makes the call safe to repeat. Calls with the same key have one effect and never pay twice",
});
