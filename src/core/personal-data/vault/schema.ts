import { z } from "zod";
import { DataTypeField, Id, JsonObject, JsonValue, Timestamp } from "../../protocol/fields.ts";

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

export const ListOwnItemsOutput = z.object({
  items: z.array(z.object({ data_type: DataTypeField, value: JsonValue, updated_at: Timestamp })),
});

/** The same by the person. */
export const PutOwnItemInput = PutVaultItemInput.omit({ user_id: true });

export const ListOwnDataOutput = z.object({
  types: z.array(
    z.object({
      data_type: DataTypeField,
      stored: z
        .object({
          value: JsonValue,
          text: z.string().meta({ description: "The value as one text" }),
          updated_at: Timestamp,
          last_used_at: Timestamp.nullable(),
        })
        .nullable()
        .meta({ description: "null: nothing is stored" }),
      recipients: z
        .array(z.object({ name: z.string(), last_at: Timestamp }))
        .meta({ description: "Who got data of this type, stored or from an agent, the latest first" }),
    }),
  ),
});
