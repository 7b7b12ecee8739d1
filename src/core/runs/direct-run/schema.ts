import { z } from "zod";
import { outputFields } from "../../money/payment/index.ts";
import { JsonObject, JsonValue, ServiceKey } from "../../protocol/fields.ts";

export const RunDirectlyInput = z.strictObject({
  service_key: ServiceKey,
  input: JsonObject.optional().meta({ description: "The input, as the service's input schema requires" }),
});

/** The output over tRPC. REST sends the upstream's body itself. */
export const RunDirectlyOutput = z.object({
  output: JsonValue.meta({ description: outputFields.output.description }),
  output_content_type: z.string(),
  output_truncated: outputFields.output_truncated,
});
