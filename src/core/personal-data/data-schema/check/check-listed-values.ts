import type { DataType } from "../../../protocol/data-types.ts";
import { pointer } from "../../../protocol/json-pointer.ts";
import type { PhoneRegion } from "../../../protocol/phone-regions.ts";
import { personalDataIn } from "../detect/personal-text.ts";
import { searchIn } from "../detect/regional-phone-numbers.ts";
import type { Child, SubSchema } from "../schema.ts";
import { childSubschemas } from "../schema.ts";
import type { ErrorCollector } from "./error-collector.ts";
import type { SchemaGraph } from "./schema-graph.ts";

/**
 * Checks that no `enum` or `const` holds what looks like personal data, unless a data type that fits is asked for
 * there. A list of people's addresses would make each answer name a person. Relies on `checkCompleteness`.
 */
export function checkListedValues(
  graph: SchemaGraph,
  findings: ErrorCollector,
  regions: readonly PhoneRegion[],
): void {
  const search = searchIn(regions);
  const check = (schema: SubSchema, path: string, around: readonly DataType[]): void => {
    if (typeof schema === "boolean" || findings.full) return;
    const type = schema["x-data-type"];
    const asked = type === undefined ? around : [type];
    schema.enum?.forEach((value, index) => scan(value, pointer(path, "enum", index), asked));
    if (schema.const !== undefined) scan(schema.const, pointer(path, "const"), asked);
    for (const child of [...childSubschemas(schema), ...graph.inPlace(schema)])
      check(child.schema, pathOf(child, path), asked);
  };

  const scan = (value: unknown, path: string, asked: readonly DataType[]): void => {
    if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value)) scan(inner, pointer(path, key), asked);
    } else if (typeof value === "string" || typeof value === "number") {
      const likeness = personalDataIn(String(value), asked, search);
      if (likeness !== undefined)
        findings.add(
          path,
          "x-data-type",
          `This looks like ${likeness}. The schema doesn't ask for one here.`,
        );
    }
  };

  check(graph.root, "", []);
}

const pathOf = (child: Child, path: string): string => child.definition ?? pointer(path, ...child.tokens);
