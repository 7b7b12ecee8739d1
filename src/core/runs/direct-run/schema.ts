import { z } from "zod";
import { JsonObject, JsonValue, ServiceKey } from "../../protocol/fields.ts";

export const RunDirectlyInput = z.strictObject({
  service_key: ServiceKey,
  input: JsonObject.optional().meta({ description: "The input, as the service's input schema requires" }),
});

/** The output over tRPC. REST sends the upstream's body itself. */
export const RunDirectlyOutput = z.object({
  output: JsonValue.meta({
    description: "The upstream's answer: JSON as it is, text as a string, anything else as { base64 }",
  }),
  output_content_type: z.string(),
});
