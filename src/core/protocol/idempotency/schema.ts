import { z } from "zod";

const VISIBLE_ASCII = z.string().regex(/^[\x21-\x7e]{1,255}$/);

export const IdempotencyKey = VISIBLE_ASCII.meta({
  description: "Makes the call safe to repeat: the same key has one effect, and never pays twice",
});
