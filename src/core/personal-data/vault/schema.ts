import { z } from "zod";
import { DataTypeField, Id, JsonObject } from "../../protocol/fields.ts";

export const PutVaultItemInput = z.strictObject({
  user_id: Id,
  data_type: DataTypeField,
  value: z.union([z.string().min(1).max(2_000), JsonObject, z.null()]).meta({
    description: "A text, or an object, such as an address with its parts. null removes the stored value",
  }),
});

export const PutVaultItemOutput = z.object({
  data_type: DataTypeField,
  stored: z.boolean().meta({ description: "true if a value is stored now, false if it was removed" }),
});
