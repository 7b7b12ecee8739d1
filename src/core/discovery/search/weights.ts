import type { Prominence } from "../../protocol/search-text/index.ts";

/** How much each part of the relevance counts (R10.4). They add up to 1. */
export const RELEVANCE = { text: 0.4, budgetFit: 0.3, preference: 0.3 };

/** How well a price fits the budget, from 0 (it takes all of it) to 1 (free), if the budget isn't known. */
export const UNKNOWN_BUDGET_FIT = 0.5;

/** How much the user likes a task. Services with avoided ones aren't found. */
export const PREFERENCE = { preferred: 1, neutral: 0.5 };

/** How much a match counts by where it stands: name; tags, categories, key; description; texts of campaigns. */
export const FOUND_IN: Record<Prominence, number> = { A: 1, B: 0.8, C: 0.6, D: 0.1 };

/** A match at least as good as this is what a service is about. Others only mention it: they count so much of their score. */
export const ABOUT = { from: 0.65, mentioned: 0.3 };

/**
 * The power to which the share of what was found is raised. Where little was found, it mostly means something else: a weak match has
 * to score near nothing, since price and preference alone give up to 0.6.
 */
export const DOUBT = 1.5;

/** How much of a phrase counts of which only some words were found. */
export const PHRASE_IN_PART = 0.5;

/** A part of a search with a larger share says what is looked for, and not only that something is. */
export const MAIN_SHARE = 0.5;

/** How much what every service has weighs in a search, where 1 is the weight of what none has. */
export const COMMON_WEIGHT = 0.3;

/** Services that are scored. More than these are counted as "at least". */
export const MOST_CANDIDATES = 200;
/** Offers of one service that are looked at. */
export const MOST_OFFERS_OF_SERVICE = 20;
