/**
 * All matches of a global expression. `matchAll` copies the expression first, which takes longer than reading a short text; and
 * most texts have no match.
 */
export const allMatches = (text: string, expression: RegExp): RegExpExecArray[] =>
  text.search(expression) === -1 ? [] : Array.from(text.matchAll(expression));
