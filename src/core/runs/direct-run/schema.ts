import { z } from "zod";
import { JsonObject, JsonValue, ServiceKey } from "../../protocol/fields.ts";

export const RunDirectlyInput = z.strictObject({
  service_key: ServiceKey,
  input: JsonObject.optional().meta({ description: "What the service's input schema asks for" }),
});

/** Over REST the upstream's own body goes out bare instead. */
export const RunDirectlyOutput = z.object({
  output: JsonValue.meta({ description: "A JSON value for JSON, a string for text, else { base64 }" }),
  output_content_type: z.string(),
});
