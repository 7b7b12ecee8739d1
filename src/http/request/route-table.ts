import type { Operation, Operations } from "../../api/operation/operations.ts";

interface Route {
  operation: Operation;
  /** Matches the percent-encoded path, with one group for each path parameter. */
  pattern: RegExp;
}

export type Match =
  | { operation: Operation; encodedParams: string[] }
  /** The path exists, but not with this method. */
  | { methods: string[] };

export interface RouteTable {
  /** Returns undefined if no operation has this path. */
  find: (method: string, path: string) => Match | undefined;
}

/**
 * Creates the table that finds an operation by method and path. A path without parameters takes precedence,
 * so `/x/search` is reachable next to `/x/{id}`.
 * @throws Error if two operations answer the same method and path; the server then doesn't start
 */
export function createRouteTable(operations: Operations): RouteTable {
  const exact = new Map<string, Map<string, Operation>>();
  const parametric: Route[] = [];
  const shapes = new Map<string, string>();
  for (const operation of operations.values()) {
    const { method, path, name } = operation;
    const shape = `${method} ${path.replace(/\{\w+\}/g, "{}")}`;
    const other = shapes.get(shape);
    if (other !== undefined) throw new Error(`${name} and ${other} both answer ${shape}`);
    shapes.set(shape, name);
    if (operation.pathParams.length > 0) parametric.push({ operation, pattern: patternOf(path) });
    else exact.set(path, (exact.get(path) ?? new Map<string, Operation>()).set(method, operation));
  }
  parametric.sort((a, b) => compareSpecificity(a.operation.path, b.operation.path));

  return {
    find(method, path) {
      const byMethod = exact.get(path);
      const operation = byMethod?.get(method);
      if (operation !== undefined) return { operation, encodedParams: [] };
      const methods = new Set(byMethod?.keys());
      for (const route of parametric) {
        const match = route.pattern.exec(path);
        if (match === null) continue;
        if (route.operation.method === method)
          return { operation: route.operation, encodedParams: match.slice(1) };
        methods.add(route.operation.method);
      }
      return methods.size === 0 ? undefined : { methods: [...methods].sort() };
    },
  };
}

function patternOf(path: string): RegExp {
  const source = path.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{\w+\}/g, "([^/]+)");
  return new RegExp(`^${source}$`);
}

/** Sort order of paths: compared segment by segment, a literal segment comes before a parameter. */
function compareSpecificity(a: string, b: string): number {
  const rank = (path: string): string =>
    path
      .split("/")
      .map((segment) => (segment.startsWith("{") ? "1" : "0"))
      .join("");
  return rank(a) < rank(b) ? -1 : Number(rank(a) > rank(b));
}
