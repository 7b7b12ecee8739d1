import { STATEMENTS } from "../../src/core/ports/statement.ts";
import "../../src/app/server.ts"; // loads every module that defines a statement

/** A step of PostgreSQL's plan, as `EXPLAIN (FORMAT JSON)` tells it. */
export interface PlanNode {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Actual Rows"?: number;
  "Rows Removed by Filter"?: number;
  Plans?: PlanNode[];
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

/** All steps of the plan that an `EXPLAIN (FORMAT JSON)` returned. */
export const planSteps = (rows: readonly { "QUERY PLAN": [{ Plan: PlanNode }] }[]): PlanNode[] =>
  rows.flatMap((row) => nodesOf(row["QUERY PLAN"][0].Plan));

export const statementNamed = (name: string): (typeof STATEMENTS)[number] => {
  const found = STATEMENTS.find((statement) => statement.name === name);
  if (found === undefined) throw new Error(`there is no statement ${name}`);
  return found;
};
