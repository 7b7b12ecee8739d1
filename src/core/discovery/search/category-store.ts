import { nullable, text, texts, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** Lists the categories of services that a sponsor might pay for, most common first, at most 100. */
export const listCategories = statement({
  name: "search.list-categories",
  limit: "search",
  params: {
    user_id: uuid,
    /** Null: no limit. */
    scope_categories: nullable(texts()),
  },
  row: { category: text },
  text: `
    SELECT category FROM service_payers p, unnest(p.categories) AS category
     WHERE p.user_id = $user_id AND p.active AND p.covers_price
       AND ($scope_categories IS NULL OR p.categories <@ $scope_categories)
     GROUP BY category ORDER BY count(DISTINCT p.sponsored_api_id) DESC, category LIMIT 100`,
});
