/**
 * The names of a path's parameters, in order.
 *
 * @example pathParamsOf("/agent/tasks/{campaign_id}") // ["campaign_id"]
 */
export const pathParamsOf = (path: string): string[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => String(name));
